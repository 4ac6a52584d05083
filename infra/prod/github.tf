# GitHub Actions' plan of a pull request, see ../tooling/github.tf: made only where var.github_repository is given.

# What a pull request has in it runs under this role before anybody has looked at it.
module "plan_role" {
  count       = var.github_repository == null ? 0 : 1
  source      = "../modules/role"
  name        = var.plan_role_name
  description = "GitHub Actions, from the tooling account: reads what a promotion would change."
  trusted     = { AWS = "arn:aws:iam::${var.tooling_account_id}:root" }

  managed_policies = [
    "AmazonSageMakerReadOnly",
    "AmazonS3ReadOnlyAccess",
    "AmazonSNSReadOnlyAccess",
    "AmazonEventBridgeReadOnlyAccess",
    "AWSLambda_ReadOnlyAccess",
  ]

  # A plan reads the state, takes its lock and gives it back.
  inline_policies = {
    "plan-policy" = [
      {
        Sid      = "LockState"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:PutObject"]
        Resource = "${module.terraform_state.arn}/*.tflock"
      },
      {
        # The key's policy leaves this to IAM. Without the condition (S3's encryption context is the object's ARN, with a
        # bucket key the bucket's) whoever opens a pull request could read prod's encrypted data.
        Sid      = "UseKeyForState"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = module.key.arn
        Condition = {
          StringLike = {
            "kms:EncryptionContext:aws:s3:arn" = [module.terraform_state.arn, "${module.terraform_state.arn}/*"]
          }
        }
      },
    ]
  }
}
