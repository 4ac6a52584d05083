# One of every resource that the provider knows, with no more said than must be.

data "aws_caller_identity" "here" {}
data "aws_region" "here" {}
data "aws_partition" "here" {}

locals {
  root = "arn:${data.aws_partition.here.partition}:iam::${data.aws_caller_identity.here.account_id}:root"
}

resource "aws_s3_bucket" "this" {
  bucket = "provider-sagemaker-everything"
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket            = aws_s3_bucket.this.id
  block_public_acls = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Effect    = "Allow"
      Principal = { AWS = data.aws_caller_identity.here.account_id }
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.this.arn}/*"
    }
  })
}

resource "aws_iam_role" "this" {
  name = "provider-everything"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "read"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "*" }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
}

resource "aws_iam_instance_profile" "this" {
  name = aws_iam_role.this.name
  role = aws_iam_role.this.name
}

resource "aws_iam_openid_connect_provider" "this" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_kms_key" "this" {}

resource "aws_kms_alias" "this" {
  name          = "alias/provider-everything"
  target_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic" "this" {
  name = "provider-everything"
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.this.arn
    }]
  })
}

resource "aws_sns_topic_subscription" "this" {
  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = "ml-team@example.com"
}

resource "aws_cloudwatch_event_rule" "this" {
  name                = "provider-everything"
  schedule_expression = "rate(1 day)"
}

resource "aws_cloudwatch_event_target" "this" {
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "topic"
  arn       = aws_sns_topic.this.arn
}

resource "aws_cloudwatch_log_group" "this" {
  name = "provider-everything"
}

resource "aws_sagemaker_model_package_group" "this" {
  model_package_group_name = "provider-everything"
}

resource "aws_sagemaker_model_package_group_policy" "this" {
  model_package_group_name = aws_sagemaker_model_package_group.this.model_package_group_name

  resource_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.root }
      Action    = "sagemaker:DescribeModelPackageGroup"
      Resource  = aws_sagemaker_model_package_group.this.arn
    }]
  })
}

output "where" {
  value = "${data.aws_caller_identity.here.account_id} ${data.aws_region.here.region} ${data.aws_partition.here.dns_suffix}"
}
