output "notification_topic_arn" {
  description = "ARN of the topic that tells of failed pipelines."
  value       = aws_sns_topic.notification.arn
}

output "schedule_rule_arn" {
  description = "ARN of the rule that starts the inference pipeline."
  value       = aws_cloudwatch_event_rule.schedule.arn
}

output "failed_rule_arns" {
  description = "ARNs of the rules that see a pipeline fail, by pipeline: inference and train."
  value       = { for name, rule in aws_cloudwatch_event_rule.failed : name => rule.arn }
}
