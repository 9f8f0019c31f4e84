terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

resource "penstock_flow" "hello" {
  source = <<-YAML
    id: hello
    namespace: company.team
    inputs:
      - id: mode
        type: STRING
    tasks:
      - id: say
        type: core.log.Log
        message: "{{ inputs.mode }}"
  YAML
}

resource "penstock_schedule" "hello" {
  namespace   = penstock_flow.hello.namespace
  schedule_id = "hello_each_morning"
  flow_id     = penstock_flow.hello.flow_id
  cron        = "30 6 * * 1-5"
  timezone    = "Europe/Paris"
  inputs      = { mode = "daily" }
}
