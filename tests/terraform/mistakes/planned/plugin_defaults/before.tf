resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.plugin-defaults
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
