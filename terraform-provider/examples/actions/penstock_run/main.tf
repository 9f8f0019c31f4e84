terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

action "penstock_run" "migrate" {
  config {
    namespace = "company.team"
    flow_id   = "migrate"
    inputs    = { version = 7 }
    timeout   = "PT15M"
  }
}

resource "penstock_flow" "migrate" {
  source = <<-YAML
    id: migrate
    namespace: company.team
    inputs:
      - id: version
        type: INT
    tasks:
      - id: say
        type: core.log.Log
        message: "To {{ inputs.version }}"
  YAML

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.penstock_run.migrate]
    }
  }
}
