terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

locals {
  texts = [for file in fileset(path.module, "flows/*.yaml") : file("${path.module}/${file}")]
}

output "namespaces" {
  value = toset([for text in local.texts : provider::penstock::flow_namespace(text)])
}
