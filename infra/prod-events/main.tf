# Prod's schedule, reactions and notifications. Jenkins applies this root under cross-account-jenkins-role,
# whose policies reach EventBridge and SNS but not IAM or KMS; ../prod is an administrator's to apply.

locals {
  pipelines              = "arn:aws:sagemaker:${var.region}:${var.account_id}:pipeline"
  train_pipeline_arn     = "${local.pipelines}/${var.train_pipeline_name}"
  inference_pipeline_arn = "${local.pipelines}/${var.inference_pipeline_name}"
  execution_role_arn     = "arn:aws:iam::${var.account_id}:role/${var.execution_role_name}"

  failing = {
    inference = local.inference_pipeline_arn
    train     = local.train_pipeline_arn
  }
}

resource "aws_cloudwatch_event_rule" "schedule" {
  name                = "mammo-severity-inference-schedule"
  description         = "Starts the inference pipeline every night."
  schedule_expression = "cron(0 23 * * ? *)"
  state               = "ENABLED" # said, so that one that somebody has disabled shows in a plan
}

# It runs on the pipeline's default batch: EventBridge refuses parameter names with an underscore, as transform_input has.
resource "aws_cloudwatch_event_target" "schedule" {
  rule      = aws_cloudwatch_event_rule.schedule.name
  target_id = "inference-pipeline"
  arn       = local.inference_pipeline_arn
  role_arn  = local.execution_role_arn
}

resource "aws_cloudwatch_event_rule" "failed" {
  for_each    = local.failing
  name        = "mammo-severity-${each.key}-failed"
  description = "Sees the ${each.key} pipeline fail."
  state       = "ENABLED"

  event_pattern = jsonencode({
    source      = ["aws.sagemaker"]
    detail-type = ["SageMaker Model Building Pipeline Execution Status Change"]
    detail = {
      pipelineArn                    = [each.value]
      currentPipelineExecutionStatus = ["Failed"]
    }
  })
}

resource "aws_cloudwatch_event_target" "retrain" {
  rule      = aws_cloudwatch_event_rule.failed["inference"].name
  target_id = "train-pipeline"
  arn       = local.train_pipeline_arn
  role_arn  = local.execution_role_arn
}

resource "aws_cloudwatch_event_target" "notify" {
  for_each  = aws_cloudwatch_event_rule.failed
  rule      = each.value.name
  target_id = "notification"
  arn       = aws_sns_topic.notification.arn
}

# Not alias/aws/sns: EventBridge may not use that key, and its policy can't be changed.
resource "aws_sns_topic" "notification" {
  name              = var.notification_topic_name
  kms_master_key_id = var.kms_key_alias
}

resource "aws_sns_topic_policy" "notification" {
  arn = aws_sns_topic.notification.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PublishByRules"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.notification.arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = [for rule in aws_cloudwatch_event_rule.failed : rule.arn] }
        StringEquals = { "aws:SourceAccount" = var.account_id }
      }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.notification.arn
  protocol  = "email"
  endpoint  = var.notification_email
}
