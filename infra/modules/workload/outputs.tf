output "bucket_name" {
  description = "Name of the bucket of data, scripts and results."
  value       = module.bucket.name
}

output "execution_role_arn" {
  description = "ARN of the SageMaker execution role."
  value       = module.execution_role.arn
}

output "lambda_role_arn" {
  description = "ARN of the role of the inference pipeline's Lambda function."
  value       = module.lambda_role.arn
}
