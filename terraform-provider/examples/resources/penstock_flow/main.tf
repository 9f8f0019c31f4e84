terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

resource "penstock_flow" "hello" {
  source = <<-YAML
    id: hello
    namespace: company.team
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
