terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_tests" "shared" {
  namespace = "company.shared"
}

data "penstock_flows" "shared" {
  namespace = "company.shared"
}

check "tested" {
  assert {
    condition = length(setsubtract(
      [for flow in values(data.penstock_flows.shared.flows) : flow.id],
      [for test in values(data.penstock_tests.shared.tests) : test.flow_id],
    )) == 0
    error_message = "A flow of company.shared has no tests."
  }
}
