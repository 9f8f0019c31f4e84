terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_executions" "failed" {
  namespace = "company.shared"
  flow_id   = "notify"
  states    = ["FAILED", "KILLED"]
  limit     = 20
}

output "failed" {
  value = [for execution in data.penstock_executions.failed.executions : execution.id]
}
