terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

locals {
  hello = <<-YAML
    id: hello
    namespace: company.team
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}

output "content_hash" {
  value = provider::penstock::flow_hash(local.hello)
}
