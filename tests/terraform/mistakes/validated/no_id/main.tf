resource "penstock_flow" "it" {
  source = <<-YAML
    namespace: mistakes.no-id
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
