# GitHub Actions' plan of a pull request, see ../tooling/github.tf: made only where var.github_repository is given.

# What a pull request says runs under this role before anybody has looked at it: so it changes nothing but the lock.
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

  inline_policies = {
    "plan-policy" = [
      {
        # The key's policy delegates to this account's IAM, so that it needs no statement of its own.
        Sid      = "UseKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = module.key.arn
      },
      {
        # A plan takes the lock of the state, and gives it back.
        Sid      = "LockState"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:PutObject"]
        Resource = "${module.terraform_state.arn}/*.tflock"
      },
    ]
  }
}
