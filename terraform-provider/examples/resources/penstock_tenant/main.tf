terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

# The token is of scope `server`, such as the first admin token.
resource "penstock_tenant" "team" {
  tenant      = "team-data"
  description = "Everything of the data team"
  labels      = { team = "data" }
}
