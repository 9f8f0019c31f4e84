resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.missing-property
    tasks:
      - id: it
        type: core.log.Log
  YAML
}
