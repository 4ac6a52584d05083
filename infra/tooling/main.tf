module "jenkins_server_role" {
  source      = "../modules/role"
  name        = var.jenkins_server_role_name
  description = "The Jenkins server, on EC2 or wherever the account's own IAM lets it run."

  trusted = {
    Service = "ec2.amazonaws.com"
    AWS     = "arn:aws:iam::${var.account_id}:root"
  }

  inline_policies = {
    "assume-production-role-policy" = [{
      Sid      = "PromoteToProduction"
      Effect   = "Allow"
      Action   = "sts:AssumeRole"
      Resource = "arn:aws:iam::${var.prod_account_id}:role/${var.jenkins_role_name}"
    }]
  }

  managed_policies = ["CloudWatchFullAccess"]
}

resource "aws_iam_instance_profile" "jenkins_server" {
  name = module.jenkins_server_role.name
  role = module.jenkins_server_role.name
}
