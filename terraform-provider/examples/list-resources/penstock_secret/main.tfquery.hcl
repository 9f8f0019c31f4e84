# Names and descriptions; nobody reads values.
list "penstock_secret" "team" {
  provider = penstock

  config {
    namespace = "company.team"
  }
}
