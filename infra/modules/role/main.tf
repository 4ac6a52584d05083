locals {
  # Each name its own statement, so that one can be taken away without the others.
  trusted = flatten([
    for kind, names in var.trusted : [
      for name in flatten([names]) : {
        Sid = kind == "Service" ? "Trust${title(split(".", name)[0])}" : "TrustAccount${split(":", name)[4]}"

        Effect    = "Allow"
        Principal = { (kind) = name }
        Action    = "sts:AssumeRole"
      }
    ]
  ])
}

resource "aws_iam_role" "this" {
  name        = var.name
  description = var.description

  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = local.trusted })
}

resource "aws_iam_role_policy" "this" {
  for_each = var.inline_policies
  name     = each.key
  role     = aws_iam_role.this.name
  policy   = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = toset(var.managed_policies)
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/${each.value}"
}
