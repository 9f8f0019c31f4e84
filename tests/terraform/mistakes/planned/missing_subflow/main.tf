resource "penstock_flow" "child" {
  source = <<-YAML
    id: child
    namespace: mistakes.missing-subflow
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_flow" "load" {
  source = <<-YAML
    id: load
    namespace: mistakes.missing-subflow
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.missing-subflow
        flowId: chlid
  YAML
}
