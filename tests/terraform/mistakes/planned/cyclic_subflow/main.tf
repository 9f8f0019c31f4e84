resource "penstock_flow" "clean" {
  source = <<-YAML
    id: clean
    namespace: mistakes.cyclic-subflow
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.cyclic-subflow
        flowId: load
  YAML
}
resource "penstock_flow" "load" {
  source = <<-YAML
    id: load
    namespace: mistakes.cyclic-subflow
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.cyclic-subflow
        flowId: store
  YAML
}
resource "penstock_flow" "store" {
  source = <<-YAML
    id: store
    namespace: mistakes.cyclic-subflow
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.cyclic-subflow
        flowId: clean
  YAML
}
