resource "penstock_flow" "it" {
  namespace = "mistakes.two-namespacess"
  source = <<-YAML
    id: load
    namespace: mistakes.two-namespaces
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
