terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

resource "penstock_namespace" "team" {
  namespace   = "company.team"
  description = "Orders and payments"

  variables = {
    bucket  = "raw"
    minimum = { rows = 1000 }
  }
  labels = { team = "data" }

  allowed_namespaces = ["company.reporting"]
  plugin_defaults = [
    { type = "core.http.Request", values = { timeout = "PT30S" }, forced = true },
    { type = "scripts", values = { retry = { type = "constant", interval = "PT10S", maxAttempts = 3 } } },
  ]
}
