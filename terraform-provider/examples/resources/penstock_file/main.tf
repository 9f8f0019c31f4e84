terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

resource "penstock_file" "orders" {
  namespace = "company.team"
  path      = "sql/orders.sql"
  content   = "SELECT * FROM orders WHERE day = :day\n"
}

resource "penstock_file" "logo" {
  namespace = "company.team"
  path      = "reports/logo.png"
  source    = abspath("${path.module}/logo.png") # its bytes are not in the state
}
