resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.wrong-type
    tasks:
      - id: it
        type: core.flow.Sleep
        duration: [1]
  YAML
}
