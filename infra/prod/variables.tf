variable "account_id" {
  description = "Account this root describes; Terraform refuses to touch another."
  type        = string
}

variable "region" {
  description = "Region of every resource."
  type        = string
}

variable "bucket_name" {
  description = "Name of the bucket of data, scripts and results."
  type        = string
}

variable "kms_key_alias" {
  description = "Alias of the account's KMS key. dev's and prod's have the same name."
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

variable "train_pipeline_name" {
  description = "Name of the train pipeline, which its own code creates."
  type        = string
}

variable "inference_pipeline_name" {
  description = "Name of the inference pipeline, which its own code creates."
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

variable "terraform_state_bucket_name" {
  description = "Name of the bucket of prod's Terraform state."
  type        = string
}

variable "dev_account_id" {
  description = "Account where models are developed."
  type        = string
}

variable "tooling_account_id" {
  description = "Account where Jenkins runs."
  type        = string
}

variable "jenkins_role_name" {
  description = "Name of the role in prod that Jenkins assumes from the tooling account."
  type        = string
}

variable "plan_role_name" {
  description = "Name of the role in prod that only reads, and that GitHub Actions assumes from the tooling account."
  type        = string
}

variable "notification_topic_name" {
  description = "Name of the SNS topic that tells of failed pipelines."
  type        = string
}

variable "notification_email" {
  description = "E-mail address subscribed to the topic."
  type        = string
  default     = "ml-team@example.com"
}

variable "profile" {
  description = "AWS profile to use; without one, the credentials of the environment."
  type        = string
  default     = null
}

variable "github_repository" {
  description = "GitHub repository that promotes from GitHub Actions, as the tooling account's values have it; null for none."
  type        = string
  default     = null
}

variable "kms_deletion_window_in_days" {
  description = "Days between the KMS key's destruction being asked for and done, 7 to 30."
  type        = number
  default     = 30
}
