terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

resource "penstock_kv" "rates" {
  namespace   = "company.team"
  key         = "rates"
  description = "Agreed with finance each quarter"

  value = {
    vat      = 0.2
    shipping = [4.9, 9.9]
    strict   = true
  }
}

resource "penstock_kv" "closing_day" {
  namespace = "company.team"
  key       = "closing_day"
  value     = "2030-12-31"
  type      = "DATE"
}
