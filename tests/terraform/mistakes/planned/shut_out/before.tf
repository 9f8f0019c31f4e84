resource "penstock_namespace" "other" {
  namespace = "mistakes.shut-out-owner"
  allowed_namespaces = ["mistakes.shut-out"]
}
resource "penstock_flow" "child" {
  source = <<-YAML
    id: child
    namespace: mistakes.shut-out-owner
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_flow" "load" {
  source = <<-YAML
    id: load
    namespace: mistakes.shut-out
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.shut-out-owner
        flowId: child
  YAML
}
