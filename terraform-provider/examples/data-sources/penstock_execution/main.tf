terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_executions" "latest" {
  namespace = "company.shared"
  flow_id   = "notify"
  states    = ["SUCCESS"]
  limit     = 1
}

data "penstock_execution" "latest" {
  id = data.penstock_executions.latest.executions[0].id
}

output "sent_to" {
  value = data.penstock_execution.latest.outputs.channel
}
