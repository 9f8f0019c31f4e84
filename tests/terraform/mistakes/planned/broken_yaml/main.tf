resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.broken-yaml
    tasks:
      - id: say
       type: core.log.Log
  YAML
}
