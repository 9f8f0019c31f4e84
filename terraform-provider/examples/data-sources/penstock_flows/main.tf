terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_flows" "finance" {
  namespace        = "company.finance"
  include_children = true
  labels           = { critical = "yes" }
}

output "critical_flows" {
  value = keys(data.penstock_flows.finance.flows) # ["company.finance/close_month", …]
}
