list "penstock_file" "team" {
  provider = penstock

  config {
    namespace = "company.team"
  }
}
