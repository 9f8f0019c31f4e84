list "penstock_test" "team" {
  provider = penstock

  config {
    namespace = "company.team"
  }
}
