resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.recursive
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.recursive
        flowId: load
  YAML
}
