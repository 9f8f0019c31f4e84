terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

# terraform apply -invoke=action.penstock_follow_trigger.daily
action "penstock_follow_trigger" "daily" {
  config {
    namespace  = "company.team"
    flow_id    = "load_orders"
    trigger_id = "daily"
  }
}
