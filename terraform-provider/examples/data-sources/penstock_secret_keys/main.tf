terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_secret_keys" "team" {
  namespace = "company.shared"
}

check "warehouse" {
  assert {
    condition     = contains(data.penstock_secret_keys.team.keys, "WAREHOUSE_TOKEN")
    error_message = "Nobody has declared WAREHOUSE_TOKEN in company.shared or above."
  }
}
