terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_tenant" "main" {
  tenant = "main"
}

output "team" {
  value = lookup(data.penstock_tenant.main.labels, "team", "nobody")
}
