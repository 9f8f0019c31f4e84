resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.used-secret
    tasks:
      - id: it
        type: core.log.Log
        message: "{{ secret('API_KEY') }}"
  YAML
}
resource "penstock_secret" "key" {
  namespace = "mistakes.used-secret"
  key = "API_KEY"
  value_wo = "v"
}
