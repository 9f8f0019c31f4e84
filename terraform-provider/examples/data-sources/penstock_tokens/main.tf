terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_tokens" "all" {}

check "tokens_end" {
  assert {
    condition     = alltrue([for token in values(data.penstock_tokens.all.tokens) : token.access == "read" || token.description != null])
    error_message = "A token that may write says what it is for."
  }
}
