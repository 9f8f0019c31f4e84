resource "penstock_secret" "key" {
  namespace = "mistakes.known-secret"
  key = "PASSWORD"
  value_wo = "kiwi-harbour-1872"
}
