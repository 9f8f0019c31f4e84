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
resource "penstock_flow" "child" {
  source = <<-YAML
    id: child
    namespace: mistakes.used-flow
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
