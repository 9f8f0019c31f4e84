resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.private-key
    tasks:
      - id: it
        type: core.log.Log
        message: |
          -----BEGIN PRIVATE KEY-----
          MIIEvQIBADANBgkqhkiG9w0BAQEFAASC
  YAML
}
