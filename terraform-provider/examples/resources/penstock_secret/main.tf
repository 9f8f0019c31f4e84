terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

variable "chat_token" {
  type      = string
  ephemeral = true # in no state and no plan
}

resource "penstock_secret" "chat_token" {
  namespace   = "company.team"
  key         = "CHAT_TOKEN"
  description = "Posts to the team's channel"
  value_wo    = var.chat_token
}
