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
