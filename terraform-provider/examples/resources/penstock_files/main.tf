terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

locals {
  # Every file of the folder; in a local, so that the folder is read once.
  queries = {
    for file in fileset("${path.module}/sql", "**") :
    "sql/${file}" => file("${path.module}/sql/${file}")
  }
}

resource "penstock_files" "team" {
  namespace = "company.team"
  files     = merge(local.queries, { "region.txt" = "eu\n" })
}
