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
