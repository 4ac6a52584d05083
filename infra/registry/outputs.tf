output "artifacts_bucket_name" {
  description = "Name of the bucket of model artifacts."
  value       = module.artifacts.name
}

output "model_package_group_arn" {
  description = "ARN of the model package group, by which pipelines name it."
  value       = aws_sagemaker_model_package_group.this.arn
}

output "approver_role_arn" {
  description = "ARN of the role that approves or rejects model versions."
  value       = module.approver_role.arn
}
