terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

ephemeral "penstock_token" "run" {
  access = "write"
  ttl    = "PT15M"
}

# What is declared through this block has the token of the run as its author.
provider "penstock" {
  alias = "run"
  token = ephemeral.penstock_token.run.value
}

resource "penstock_namespace" "team" {
  provider    = penstock.run
  namespace   = "company.team"
  description = "Declared with a token that is gone when the run is over"
}
