resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.unknown-filter
    tasks:
      - id: it
        type: core.log.Log
        message: "{{ flow.id | uper }}"
  YAML
}
