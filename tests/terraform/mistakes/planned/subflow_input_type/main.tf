resource "penstock_flow" "child" {
  source = <<-YAML
    id: child
    namespace: mistakes.subflow-input-type
    inputs:
      - id: day
        type: STRING
      - id: count
        type: INT
        defaults: 1
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_flow" "load" {
  source = <<-YAML
    id: load
    namespace: mistakes.subflow-input-type
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.subflow-input-type
        flowId: child
        inputs:
          day: monday
          count: many
  YAML
}
