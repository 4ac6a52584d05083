# What dev and prod have in common: a bucket, and the roles the two pipelines run under.

locals {
  registry             = "arn:aws:sagemaker:${var.region}:${var.registry_account_id}"
  model_package_group  = "${local.registry}:model-package-group/${var.model_package_group_name}"
  model_packages       = "${local.registry}:model-package/${var.model_package_group_name}/*"
  artifacts_bucket_arn = "arn:aws:s3:::${var.artifacts_bucket_name}"
}

module "bucket" {
  source      = "../bucket"
  name        = var.bucket_name
  encrypted   = true
  kms_key_arn = var.kms_key_arn
}

module "lambda_role" {
  source      = "../role"
  name        = var.lambda_role_name
  description = "The inference pipeline's Lambda step: finds the latest approved model version."
  trusted     = { Service = ["lambda.amazonaws.com", "sagemaker.amazonaws.com"] }

  inline_policies = {
    "cross-account-model-registry-access" = [{
      Sid      = "ReadModelVersions"
      Effect   = "Allow"
      Action   = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
      Resource = local.model_packages
    }]
  }

  managed_policies = ["AmazonSageMakerFullAccess", "AWSLambda_FullAccess"]
}

module "execution_role" {
  source      = "../role"
  name        = var.execution_role_name
  description = "The pipelines and their jobs; in prod also EventBridge's rules, which start the pipelines."
  trusted     = { Service = ["sagemaker.amazonaws.com", "events.amazonaws.com"] }

  inline_policies = merge({
    "cross-account-model-artifacts-s3-bucket-access" = [
      {
        Sid      = "ReadAndWriteModelArtifacts"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${local.artifacts_bucket_arn}/*"
      },
      {
        Sid      = "ListModelArtifacts"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = local.artifacts_bucket_arn
      },
    ]

    "cross-account-model-registry-access" = [
      {
        Sid      = "FindTheGroup"
        Effect   = "Allow"
        Action   = "sagemaker:DescribeModelPackageGroup"
        Resource = local.model_package_group
      },
      {
        Sid    = "RegisterAndReadModelVersions"
        Effect = "Allow"
        Action = [
          "sagemaker:CreateModelPackage",
          "sagemaker:DescribeModelPackage",
          "sagemaker:ListModelPackages",
        ]
        Resource = local.model_packages
      },
    ]

    "kms-key-access-policy" = [
      {
        Sid    = "UseOwnKey"
        Effect = "Allow"
        Action = [
          "kms:Decrypt",
          "kms:DescribeKey",
          "kms:Encrypt",
          "kms:GenerateDataKey*",
          "kms:ReEncrypt*",
        ]
        Resource = var.kms_key_arn
      },
      {
        # SageMaker attaches the encrypted volumes of a job's instances through a grant.
        Sid       = "LetAwsServicesUseOwnKey"
        Effect    = "Allow"
        Action    = "kms:CreateGrant"
        Resource  = var.kms_key_arn
        Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
      },
    ]
  }, var.execution_role_policies)

  managed_policies = ["AmazonSageMakerFullAccess", "AWSLambda_FullAccess", "CloudWatchEventsFullAccess"]
}
