resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.duplicate-task
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
