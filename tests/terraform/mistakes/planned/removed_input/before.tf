resource "penstock_flow" "child" {
  source = <<-YAML
    id: child
    namespace: mistakes.removed-input
    inputs:
      - id: day
        type: STRING
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_flow" "parent" {
  source = <<-YAML
    id: parent
    namespace: mistakes.removed-input
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.removed-input
        flowId: child
        inputs:
          day: monday
  YAML
}
