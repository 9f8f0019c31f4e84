terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

variable "ci_token" {
  type      = string
  ephemeral = true # in no state and no plan; made by `openssl rand -hex 32`
}

resource "penstock_token" "ci" {
  name        = "ci"
  description = "Plans pull requests"
  access      = "read"
  expires_at  = "2030-01-31T00:00:00Z"
  value_wo    = var.ci_token
}
