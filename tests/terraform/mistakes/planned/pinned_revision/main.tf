resource "penstock_flow" "child" {
  source = <<-YAML
    id: child
    namespace: mistakes.pinned-revision
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_flow" "load" {
  source = <<-YAML
    id: load
    namespace: mistakes.pinned-revision
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.pinned-revision
        flowId: child
        revision: 7
  YAML
}
