variable "account_id" {
  description = "Account this root describes; Terraform refuses to touch another."
  type        = string
}

variable "region" {
  description = "Region of every resource."
  type        = string
}

variable "dev_account_id" {
  description = "Account where models are developed."
  type        = string
}

variable "prod_account_id" {
  description = "Account where the pipelines run on a schedule."
  type        = string
}

variable "execution_role_name" {
  description = "Name of the SageMaker execution role, the same in dev and prod."
  type        = string
}

variable "lambda_role_name" {
  description = "Name of the role of the inference pipeline's Lambda function, the same in dev and prod."
  type        = string
}

variable "artifacts_bucket_name" {
  description = "Name of the registry's bucket of model artifacts."
  type        = string
}

variable "model_package_group_name" {
  description = "Name of the registry's model package group."
  type        = string
}

variable "approver_role_name" {
  description = "Name of the role that approves or rejects model versions."
  type        = string
}

variable "profile" {
  description = "AWS profile to use; without one, the credentials of the environment."
  type        = string
  default     = null
}
