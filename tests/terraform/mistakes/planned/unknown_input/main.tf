resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.unknown-input
    inputs:
      - id: day
        type: STRING
    tasks:
      - id: it
        type: core.log.Log
        message: "{{ inputs.dya }}"
  YAML
}
