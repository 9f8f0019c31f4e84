terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

resource "penstock_flows" "team" {
  namespace = "company.team"

  # Every file of the folder: company/team/hello.yaml has `id: hello`.
  sources = {
    for file in fileset("${path.module}/company/team", "*.yaml") :
    trimsuffix(file, ".yaml") => file("${path.module}/company/team/${file}")
  }
}
