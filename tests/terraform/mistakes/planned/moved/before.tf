resource "penstock_flow" "old" {
  source = <<-YAML
    id: load
    namespace: mistakes.moved
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
