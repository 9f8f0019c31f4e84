terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

# terraform apply -invoke=action.penstock_backfill.january
action "penstock_backfill" "january" {
  config {
    namespace  = "company.team"
    flow_id    = "load_orders"
    trigger_id = "daily"
    start      = "2031-01-01T00:00:00Z"
    end        = "2031-02-01T00:00:00Z"
    labels     = { why = "corrected" }
  }
}
