resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.label
    labels:
      Team: data
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
