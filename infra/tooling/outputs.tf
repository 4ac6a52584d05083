output "jenkins_server_role_arn" {
  description = "ARN of the Jenkins server's role."
  value       = module.jenkins_server_role.arn
}

output "jenkins_server_instance_profile_name" {
  description = "Name of the instance profile that gives an EC2 instance the Jenkins server's role."
  value       = aws_iam_instance_profile.jenkins_server.name
}
