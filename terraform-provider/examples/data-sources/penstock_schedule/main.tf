terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_schedule" "close" {
  namespace   = "company.finance"
  schedule_id = "close_each_month"
}

output "closes_next" {
  value = data.penstock_schedule.close.next_fire_at
}
