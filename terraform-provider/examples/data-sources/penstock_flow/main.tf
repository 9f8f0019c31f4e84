terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_flow" "notify" {
  namespace = "company.shared"
  flow_id   = "notify"
}

output "notify_revision" {
  value = data.penstock_flow.notify.revision
}
