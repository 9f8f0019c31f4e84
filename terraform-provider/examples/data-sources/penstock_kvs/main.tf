terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_kvs" "shared" {
  namespace = "company.shared"
}

output "vat" {
  value = data.penstock_kvs.shared.values["rates"].vat
}
