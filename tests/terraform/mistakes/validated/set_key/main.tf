resource "penstock_flows" "all" {
  namespace = "mistakes.set-key"
  sources = {
    laod = <<-YAML
    id: load
    namespace: mistakes.set-key
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
  }
}
