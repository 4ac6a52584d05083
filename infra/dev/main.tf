module "key" {
  source                  = "../modules/kms_key"
  account_id              = var.account_id
  alias                   = var.kms_key_alias
  description             = "Encrypts dev's data and the models trained in dev."
  deletion_window_in_days = var.kms_deletion_window_in_days

  # The role is named in a condition, not as the principal: KMS refuses a principal that does not exist yet.
  statements = [{
    Sid       = "UseByExecutionRoleOfProd"
    Effect    = "Allow"
    Principal = { AWS = "arn:aws:iam::${var.prod_account_id}:root" }
    Action    = ["kms:Decrypt", "kms:DescribeKey"]
    Resource  = "*"
    Condition = {
      ArnEquals = { "aws:PrincipalArn" = "arn:aws:iam::${var.prod_account_id}:role/${var.execution_role_name}" }
    }
  }]
}

module "workload" {
  source                   = "../modules/workload"
  region                   = var.region
  bucket_name              = var.bucket_name
  kms_key_arn              = module.key.arn
  execution_role_name      = var.execution_role_name
  lambda_role_name         = var.lambda_role_name
  registry_account_id      = var.registry_account_id
  artifacts_bucket_name    = var.artifacts_bucket_name
  model_package_group_name = var.model_package_group_name
}
