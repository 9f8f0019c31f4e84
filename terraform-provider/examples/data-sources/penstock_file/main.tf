terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_file" "orders" {
  namespace = "company.shared"
  path      = "sql/orders.sql"
}

output "orders" {
  value = data.penstock_file.orders.content
}
