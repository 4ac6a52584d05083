module "key" {
  source                  = "../modules/kms_key"
  account_id              = var.account_id
  alias                   = var.kms_key_alias
  description             = "Encrypts prod's data, models, Terraform state and notifications."
  deletion_window_in_days = var.kms_deletion_window_in_days

  statements = [
    {
      # The topic is encrypted with this key, and EventBridge publishes to it. EventBridge sends no aws:SourceAccount
      # or aws:SourceArn on to the key of a topic (SNS Developer Guide, key management), so that none can be asked for.
      Sid       = "UseByEventBridge"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "kms:ViaService" = "sns.${var.region}.amazonaws.com" } }
    },
    {
      # Jenkins copies scripts and keeps Terraform's state in buckets encrypted with this key.
      Sid       = "UseByJenkins"
      Effect    = "Allow"
      Principal = { AWS = module.jenkins_role.arn }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
    },
  ]
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

  execution_role_policies = {
    # dev's key is known here by its alias, so that either account may be made first.
    "cross-account-kms-key-access-policy" = [{
      Sid       = "ReadModelsTrainedInDev"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:DescribeKey"]
      Resource  = "arn:aws:kms:${var.region}:${var.dev_account_id}:key/*"
      Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = var.kms_key_alias } }
    }]
  }
}

module "terraform_state" {
  source      = "../modules/bucket"
  name        = var.terraform_state_bucket_name
  encrypted   = true
  kms_key_arn = module.key.arn
}

module "jenkins_role" {
  source      = "../modules/role"
  name        = var.jenkins_role_name
  description = "Jenkins, from the tooling account: promotes scripts, pipelines, rules and notifications."
  trusted     = { AWS = "arn:aws:iam::${var.tooling_account_id}:root" }

  managed_policies = [
    "CloudWatchFullAccess",
    "AmazonS3FullAccess",
    "AmazonSNSFullAccess",
    "AmazonSageMakerFullAccess",
    "AmazonEventBridgeFullAccess",
    "AWSLambda_FullAccess",
  ]
}

resource "aws_cloudwatch_log_group" "jenkins" {
  name              = "jenkins-log"
  retention_in_days = 90
}
