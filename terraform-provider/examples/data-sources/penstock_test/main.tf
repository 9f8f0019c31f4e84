terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_test" "notify" {
  namespace = "company.shared"
  test_id   = "notify_test"
}

output "tests_flow" {
  value = data.penstock_test.notify.flow_id
}
