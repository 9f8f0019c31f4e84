resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.too-short-timeout
    tasks:
      - id: it
        type: core.flow.Sleep
        duration: PT10M
        timeout: PT1M
  YAML
}
