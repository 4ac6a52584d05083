# The resources of everything.tf, with all said of them that can be changed in place here: moto can change neither
# the key of a log group nor the clients of an identity provider.

data "aws_caller_identity" "here" {}
data "aws_partition" "here" {}

data "aws_region" "here" {
  name = "us-east-1"
}

resource "aws_s3_bucket" "this" {
  bucket        = "provider-sagemaker-everything"
  force_destroy = true
  tags          = { said = "yes" }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Suspended"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = false
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
  skip_destroy            = false
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Said"
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::${data.aws_caller_identity.here.account_id}:root"] }
      Action    = ["s3:PutObject", "s3:GetObject"]
      Resource  = ["${aws_s3_bucket.this.arn}/*"]
    }]
  })
}

resource "aws_iam_role" "this" {
  name                  = "provider-everything"
  description           = "Said."
  max_session_duration  = 7200
  permissions_boundary  = "arn:aws:iam::aws:policy/PowerUserAccess"
  force_detach_policies = true
  tags                  = { said = "yes" }

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "read"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "*" }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
}

resource "aws_iam_instance_profile" "this" {
  name = "provider-everything"
  tags = { said = "yes" }
}

resource "aws_iam_openid_connect_provider" "this" {
  url             = "https://token.actions.githubusercontent.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["6938fd4d98bab03faadb97b34396831e3780aea1"]
  tags            = { said = "yes" }
}

resource "aws_kms_key" "this" {
  description                        = "Said."
  enable_key_rotation                = true
  is_enabled                         = false
  deletion_window_in_days            = 7
  bypass_policy_lockout_safety_check = true
  tags                               = { said = "yes" }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.here.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_key" "other" {}

resource "aws_kms_alias" "this" {
  name          = "alias/provider-everything"
  target_key_id = aws_kms_key.other.key_id
}

resource "aws_sns_topic" "this" {
  name              = "provider-everything"
  display_name      = "Said"
  kms_master_key_id = aws_kms_alias.this.name
  delivery_policy   = jsonencode({ http = { defaultHealthyRetryPolicy = { numRetries = 5 } } })
  tags              = { said = "yes" }
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Said"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.this.arn
    }]
  })
}

resource "aws_sns_topic_subscription" "this" {
  topic_arn                       = aws_sns_topic.this.arn
  protocol                        = "email"
  endpoint                        = "ml-team@example.com"
  filter_policy                   = jsonencode({ status = ["Failed"] })
  filter_policy_scope             = "MessageBody"
  redrive_policy                  = jsonencode({ deadLetterTargetArn = "arn:aws:sqs:us-east-1:111122223333:letters" })
  endpoint_auto_confirms          = true
  confirmation_timeout_in_minutes = 2
}

resource "aws_cloudwatch_event_rule" "this" {
  name          = "provider-everything"
  description   = "Said."
  state         = "DISABLED"
  event_pattern = jsonencode({ source = ["aws.sagemaker"], detail = { a = [{ prefix = "<&>" }] } })
  force_destroy = true
  tags          = { said = "yes" }
}

resource "aws_cloudwatch_event_target" "this" {
  rule          = aws_cloudwatch_event_rule.this.name
  target_id     = "topic"
  arn           = aws_sns_topic.this.arn
  force_destroy = true

  input_transformer {
    input_paths    = { source = "$.source" }
    input_template = "\"<source> failed\""
  }

  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }

  dead_letter_config {
    arn = "arn:aws:sqs:us-east-1:111122223333:letters"
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "provider-everything"
  retention_in_days = 30
  skip_destroy      = false
  tags              = { said = "yes" }
}

resource "aws_sagemaker_model_package_group" "this" {
  model_package_group_name = "provider-everything"
  tags                     = { said = "yes" }
}

resource "aws_sagemaker_model_package_group_policy" "this" {
  model_package_group_name = aws_sagemaker_model_package_group.this.model_package_group_name

  resource_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Said"
      Effect    = "Allow"
      Principal = { AWS = "444455556666" }
      Action    = "sagemaker:DescribeModelPackageGroup"
      Resource  = aws_sagemaker_model_package_group.this.arn
    }]
  })
}
