resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.broken-expression
    tasks:
      - id: it
        type: core.log.Log
        message: "{{ inputs.day | }}"
  YAML
}
