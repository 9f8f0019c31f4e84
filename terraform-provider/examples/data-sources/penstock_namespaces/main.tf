terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_namespaces" "company" {
  namespace = "company"
  labels    = { team = "data" }
}

# A pair in each of them.
resource "penstock_kv" "opened" {
  for_each  = data.penstock_namespaces.company.namespaces
  namespace = each.key
  key       = "opened"
  value     = true
}
