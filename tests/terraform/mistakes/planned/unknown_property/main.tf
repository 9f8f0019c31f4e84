resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.unknown-property
    tasks:
      - id: it
        type: core.log.Log
        mesage: hi
  YAML
}
