terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_namespace" "shared" {
  namespace = "company.shared"
}

output "bucket" {
  value = data.penstock_namespace.shared.variables.bucket
}
