variable "name" {
  description = "Name of the role."
  type        = string
}

variable "description" {
  description = "What the role is for."
  type        = string
}

variable "trusted" {
  description = "Who may assume the role: the Principal element of its trust policy."
  type        = any
}

variable "inline_policies" {
  description = "Inline policies: each name with its list of statements."
  type        = any
  default     = {}
}

variable "managed_policies" {
  description = "Names of the AWS managed policies attached to the role."
  type        = list(string)
  default     = []
}
