resource "penstock_flow" "parent" {
  source = <<-YAML
    id: parent
    namespace: mistakes.used-flow
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.used-flow
        flowId: child
  YAML
}
