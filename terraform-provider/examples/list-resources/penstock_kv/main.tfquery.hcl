list "penstock_kv" "team" {
  provider = penstock

  config {
    namespace = "company.team"
  }
}
