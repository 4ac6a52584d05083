variable "name" {
  description = "Name of the bucket. It contains `sagemaker`: AmazonSageMakerFullAccess grants S3 only there."
  type        = string

  validation {
    condition     = strcontains(var.name, "sagemaker")
    error_message = "A bucket's name must contain `sagemaker`, or AmazonSageMakerFullAccess does not reach it."
  }
}

variable "encrypted" {
  description = "Whether objects are encrypted with kms_key_arn unless their writer says otherwise."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts objects by default, when encrypted."
  type        = string
  default     = null
}
