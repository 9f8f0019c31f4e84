terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_files" "queries" {
  namespace = "company.shared"
  folder    = "sql"
}

output "bytes" {
  value = sum([for file in values(data.penstock_files.queries.files) : file.size])
}
