variable "region" {
  description = "Region of the account's and the registry's resources."
  type        = string
}

variable "bucket_name" {
  description = "Name of the bucket of data, scripts and results."
  type        = string
}

variable "kms_key_arn" {
  description = "ARN of the account's own KMS key."
  type        = string
}

variable "execution_role_name" {
  description = "Name of the SageMaker execution role."
  type        = string
}

variable "execution_role_policies" {
  description = "Further inline policies of the execution role: each name with its list of statements."
  type        = any
  default     = {}
}

variable "lambda_role_name" {
  description = "Name of the role of the inference pipeline's Lambda function."
  type        = string
}

variable "registry_account_id" {
  description = "Account of the central model registry."
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
