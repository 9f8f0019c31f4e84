terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

locals {
  texts = [for file in fileset(path.module, "flows/*.yaml") : file("${path.module}/${file}")]
}

# The map that penstock_flows wants, keyed by what the texts say.
output "sources" {
  value = { for text in local.texts : provider::penstock::flow_id(text) => text }
}
