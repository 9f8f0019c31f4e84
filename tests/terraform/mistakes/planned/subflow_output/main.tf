resource "penstock_flow" "child" {
  source = <<-YAML
    id: child
    namespace: mistakes.subflow-output
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
    outputs:
      - id: rows
        type: INT
        value: 3
  YAML
}
resource "penstock_flow" "load" {
  source = <<-YAML
    id: load
    namespace: mistakes.subflow-output
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.subflow-output
        flowId: child
        inputs:
          day: monday
      - id: tell
        type: core.log.Log
        message: "{{ outputs.call.outputs.row }}"
  YAML
}
