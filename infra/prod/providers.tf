terraform {
  required_version = ">= 1.11"

  # The bucket, the key in it and the profile are told to `init`: see docs/deploy.md.
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0, < 7.0"
    }
  }
}

provider "aws" {
  region              = var.region
  profile             = var.profile
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      project     = "mammo-severity"
      environment = "prod"
      managed-by  = "terraform"
    }
  }
}
