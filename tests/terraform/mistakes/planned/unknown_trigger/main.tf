resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.unknown-trigger
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
    triggers:
      - id: hook
        type: core.trigger.Webhok
        key: k
  YAML
}
