terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

# terraform apply -invoke=action.penstock_disable_trigger.maintenance
action "penstock_disable_trigger" "maintenance" {
  config {
    namespace  = "company.team"
    flow_id    = "load_orders"
    trigger_id = "daily"
    reason     = "The warehouse moves."
    expires_at = timeadd(plantimestamp(), "48h")
  }
}
