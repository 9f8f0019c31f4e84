resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.typo
    tasks:
      - id: it
        type: core.log.Lgo
        message: hi
  YAML
}
