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
resource "penstock_namespace" "team" {
  namespace = "mistakes.plugin-defaults"
  plugin_defaults = [{ type = "core.log.Log", values = { level = "LOUD" }, forced = true }]
}
