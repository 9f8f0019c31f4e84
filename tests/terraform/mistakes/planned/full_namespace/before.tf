resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.full-namespace
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_namespace" "team" {
  namespace = "mistakes.full-namespace"
}
