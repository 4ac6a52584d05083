output "bucket_name" {
  description = "Name of the bucket of data, scripts and results."
  value       = module.workload.bucket_name
}

output "kms_key_arn" {
  description = "ARN of the KMS key."
  value       = module.key.arn
}

output "kms_key_alias" {
  description = "Alias of the KMS key."
  value       = module.key.alias
}

output "execution_role_arn" {
  description = "ARN of the SageMaker execution role."
  value       = module.workload.execution_role_arn
}

output "lambda_role_arn" {
  description = "ARN of the role of the inference pipeline's Lambda function."
  value       = module.workload.lambda_role_arn
}

output "train_pipeline_arn" {
  description = "ARN of the train pipeline, once its own code has created it."
  value       = "arn:aws:sagemaker:${var.region}:${var.account_id}:pipeline/${var.train_pipeline_name}"
}

output "inference_pipeline_arn" {
  description = "ARN of the inference pipeline, once its own code has created it."
  value       = "arn:aws:sagemaker:${var.region}:${var.account_id}:pipeline/${var.inference_pipeline_name}"
}

output "terraform_state_bucket_name" {
  description = "Name of the bucket of prod's Terraform state."
  value       = module.terraform_state.name
}

output "jenkins_role_arn" {
  description = "ARN of the role that Jenkins assumes from the tooling account."
  value       = module.jenkins_role.arn
}

output "jenkins_log_group_name" {
  description = "Name of Jenkins' log group."
  value       = aws_cloudwatch_log_group.jenkins.name
}
