resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.missing-secret
    tasks:
      - id: it
        type: core.log.Log
        message: "{{ secret('API_KYE') }}"
  YAML
}
resource "penstock_secret" "key" {
  namespace = "mistakes.missing-secret"
  key = "API_KEY"
  value_wo = "v"
}
