terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_kv" "rates" {
  namespace = "company.shared"
  key       = "rates"
}

output "vat" {
  value = data.penstock_kv.rates.value.vat
}
