variable "account_id" {
  description = "Account that owns the key and whose IAM policies may grant its use."
  type        = string
}

variable "alias" {
  description = "Alias of the key, `alias/...`."
  type        = string
}

variable "description" {
  description = "What the key is for."
  type        = string
}

variable "statements" {
  description = "Statements of the key policy beside the delegation to the account's IAM."
  type        = any
  default     = []
}

variable "deletion_window_in_days" {
  description = "Days between the key's destruction being asked for and done, 7 to 30."
  type        = number
  default     = 30
}
