locals {
  accounts        = [var.dev_account_id, var.prod_account_id]
  account_roots   = [for id in local.accounts : "arn:aws:iam::${id}:root"]
  execution_roles = [for id in local.accounts : "arn:aws:iam::${id}:role/${var.execution_role_name}"]
  lambda_roles    = [for id in local.accounts : "arn:aws:iam::${id}:role/${var.lambda_role_name}"]

  group_name     = aws_sagemaker_model_package_group.this.model_package_group_name
  group_arn      = aws_sagemaker_model_package_group.this.arn
  model_packages = "arn:aws:sagemaker:${var.region}:${var.account_id}:model-package/${local.group_name}/*"
}

# Objects arrive encrypted with dev's or prod's key, so the bucket forces none of its own.
module "artifacts" {
  source = "../modules/bucket"
  name   = var.artifacts_bucket_name
}

# In all policies here roles are named in a condition, not as principals: AWS refuses principals that do not
# exist yet, and dev and prod may be made after the registry.
resource "aws_s3_bucket_policy" "artifacts" {
  bucket = module.artifacts.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ReadAndWriteModelArtifacts"
        Effect    = "Allow"
        Principal = { AWS = local.account_roots }
        Action    = ["s3:GetObject", "s3:PutObject"]
        Resource  = "${module.artifacts.arn}/*"
        Condition = { ArnEquals = { "aws:PrincipalArn" = local.execution_roles } }
      },
      {
        Sid       = "ListModelArtifacts"
        Effect    = "Allow"
        Principal = { AWS = local.account_roots }
        Action    = "s3:ListBucket"
        Resource  = module.artifacts.arn
        Condition = { ArnEquals = { "aws:PrincipalArn" = local.execution_roles } }
      },
    ]
  })
}

resource "aws_sagemaker_model_package_group" "this" {
  model_package_group_name        = var.model_package_group_name
  model_package_group_description = "Versions of the mammography severity model."
}

resource "aws_sagemaker_model_package_group_policy" "this" {
  model_package_group_name = local.group_name

  resource_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "FindTheGroup"
        Effect    = "Allow"
        Principal = { AWS = local.account_roots }
        Action    = "sagemaker:DescribeModelPackageGroup"
        Resource  = local.group_arn
        Condition = { ArnEquals = { "aws:PrincipalArn" = local.execution_roles } }
      },
      {
        # Approving is the registry's: nobody registers a version that is approved already.
        Sid       = "RegisterModelVersions"
        Effect    = "Allow"
        Principal = { AWS = local.account_roots }
        Action    = "sagemaker:CreateModelPackage"
        Resource  = local.model_packages
        Condition = {
          ArnEquals            = { "aws:PrincipalArn" = local.execution_roles }
          StringEqualsIfExists = { "sagemaker:ModelApprovalStatus" = "PendingManualApproval" }
        }
      },
      {
        Sid       = "ReadModelVersions"
        Effect    = "Allow"
        Principal = { AWS = local.account_roots }
        Action    = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
        Resource  = local.model_packages
        Condition = { ArnEquals = { "aws:PrincipalArn" = concat(local.execution_roles, local.lambda_roles) } }
      },
    ]
  })
}

module "approver_role" {
  source      = "../modules/role"
  name        = var.approver_role_name
  description = "Approves or rejects versions of the model."
  trusted     = { AWS = "arn:aws:iam::${var.account_id}:root" }

  inline_policies = {
    "model-approval" = [
      {
        Sid      = "FindTheGroup"
        Effect   = "Allow"
        Action   = "sagemaker:DescribeModelPackageGroup"
        Resource = local.group_arn
      },
      {
        Sid    = "ReviewModelVersions"
        Effect = "Allow"
        Action = [
          "sagemaker:DescribeModelPackage",
          "sagemaker:ListModelPackages",
          "sagemaker:UpdateModelPackage",
        ]
        Resource = local.model_packages
      },
    ]
  }
}
