terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

# terraform apply -invoke=action.penstock_enable_trigger.rehearsal
action "penstock_enable_trigger" "rehearsal" {
  config {
    namespace  = "company.team"
    flow_id    = "load_orders"
    trigger_id = "daily"
    reason     = "A rehearsal in staging."
    expires_at = timeadd(plantimestamp(), "4h")
  }
}
