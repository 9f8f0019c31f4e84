resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.unknown-function
    tasks:
      - id: it
        type: core.log.Log
        message: "{{ secrt('KEY') }}"
  YAML
}
