resource "penstock_flow" "child" {
  source = <<-YAML
    id: child
    namespace: mistakes.wrong-namespace
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_flow" "load" {
  source = <<-YAML
    id: load
    namespace: mistakes.wrong-namespace
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.wrong-namspace
        flowId: child
  YAML
}
