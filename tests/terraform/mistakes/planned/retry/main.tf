resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.retry
    tasks:
      - id: it
        type: core.log.Log
        message: hi
        retry:
          type: constant
          interval: PT10S
          maxAttempts: 0
  YAML
}
