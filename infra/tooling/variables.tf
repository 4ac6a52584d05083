variable "account_id" {
  description = "Account this root describes; Terraform refuses to touch another."
  type        = string
}

variable "region" {
  description = "Region of every resource."
  type        = string
}

variable "prod_account_id" {
  description = "Account where the pipelines run on a schedule."
  type        = string
}

variable "jenkins_role_name" {
  description = "Name of the role in prod that Jenkins assumes from the tooling account."
  type        = string
}

variable "jenkins_server_role_name" {
  description = "Name of the Jenkins server's own role."
  type        = string
}

variable "profile" {
  description = "AWS profile to use; without one, the credentials of the environment."
  type        = string
  default     = null
}

variable "github_repository" {
  description = "GitHub repository that promotes from GitHub Actions, as OWNER/NAME; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[\\w.-]+/[\\w.-]+$", var.github_repository))
    error_message = "A GitHub repository is OWNER/NAME, for example octo-org/octo-repo."
  }
}

variable "github_role_name" {
  description = "Name of the role of GitHub Actions that promotes."
  type        = string
}

variable "github_plan_role_name" {
  description = "Name of the role of GitHub Actions that looks what a pull request would change."
  type        = string
}

variable "plan_role_name" {
  description = "Name of the role in prod that only reads, and that the plan's role assumes."
  type        = string
}
