terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_token" "ci" {
  name = "admin"
}

output "ci_is_void_from" {
  value = data.penstock_token.ci.expires_at
}
