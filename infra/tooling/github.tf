# GitHub Actions, beside Jenkins or in its place: made only where var.github_repository is given.
# It signs in with OpenID Connect, so that there is no key to keep: see .github/workflows/promote.yml.

locals {
  github_issuer = "token.actions.githubusercontent.com"

  # Each role's subjects: https://docs.github.com/en/actions/reference/security/oidc. A job with an environment has the
  # environment's in the place of the branch's: let GitHub allow the environment to the branch main only.
  github_roles = {
    for key, role in {
      promotion = {
        name        = var.github_role_name
        description = "GitHub Actions, of main: promotes to production."
        assumes     = var.jenkins_role_name
        subjects    = ["ref:refs/heads/main", "environment:production"]
      }
      plan = {
        name        = var.github_plan_role_name
        description = "GitHub Actions, of pull requests: reads what a promotion would change."
        assumes     = var.plan_role_name
        subjects    = ["pull_request"]
      }
    } : key => role if var.github_repository != null
  }
}

# AWS trusts GitHub's certificate by its own list of authorities, so that no thumbprint is needed.
resource "aws_iam_openid_connect_provider" "github" {
  count          = var.github_repository == null ? 0 : 1
  url            = "https://${local.github_issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  for_each    = local.github_roles
  name        = each.value.name
  description = each.value.description

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TrustGitHub"
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.github[0].arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.github_issuer}:aud" = "sts.amazonaws.com"
          "${local.github_issuer}:sub" = [for s in each.value.subjects : "repo:${var.github_repository}:${s}"]
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "github" {
  for_each = local.github_roles
  name     = "assume-production-role-policy"
  role     = aws_iam_role.github[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "AssumeRoleInProduction"
      Effect   = "Allow"
      Action   = "sts:AssumeRole"
      Resource = "arn:aws:iam::${var.prod_account_id}:role/${each.value.assumes}"
    }]
  })
}
