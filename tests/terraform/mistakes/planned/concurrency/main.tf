resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.concurrency
    concurrency:
      limit: 0
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
