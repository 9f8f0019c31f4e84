terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_secret" "warehouse" {
  namespace = "company.shared"
  key       = "WAREHOUSE_TOKEN"
}

output "warehouse_token" {
  value = "version ${data.penstock_secret.warehouse.version}, by ${data.penstock_secret.warehouse.owner}"
}
