terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

resource "penstock_flow" "greet" {
  source = <<-YAML
    id: greet
    namespace: company.team
    inputs:
      - {id: name, type: STRING, defaults: Ada}
    tasks:
      - id: say
        type: core.log.Log
        message: "Hello, {{ inputs.name }}"
  YAML
}

resource "penstock_test" "greet" {
  source = <<-YAML
    id: greet_test
    namespace: company.team
    flowId: ${penstock_flow.greet.flow_id}
    cases:
      - id: greets_by_name
        fixtures:
          inputs: {name: Grace}
        expect:
          log: ["Hello, Grace"]
  YAML
}
