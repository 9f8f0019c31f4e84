terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_schedules" "finance" {
  namespace = "company.finance"
}

output "timetable" {
  value = { for id, schedule in data.penstock_schedules.finance.schedules : id => schedule.cron }
}
