resource "penstock_secret" "it" {
  namespace = "mistakes.secret-key"
  key = "API KEY"
  value_wo = "v"
}
