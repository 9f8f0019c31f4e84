resource "penstock_flows" "all" {
  namespace = "mistakes.set-namespace"
  sources = {
    load = <<-YAML
    id: load
    namespace: mistakes.set-namespaces
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
  }
}
