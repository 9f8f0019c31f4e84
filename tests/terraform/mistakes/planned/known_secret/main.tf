resource "penstock_secret" "key" {
  namespace = "mistakes.known-secret"
  key = "PASSWORD"
  value_wo = "kiwi-harbour-1872"
}
resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.known-secret
    tasks:
      - id: it
        type: core.log.Log
        message: kiwi-harbour-1872
  YAML
}
