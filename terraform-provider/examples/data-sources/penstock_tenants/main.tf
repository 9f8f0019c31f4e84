terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_tenants" "all" {}

output "tenants" {
  value = keys(data.penstock_tenants.all.tenants)
}
