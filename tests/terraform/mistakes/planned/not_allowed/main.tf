resource "penstock_namespace" "other" {
  namespace = "mistakes.not-allowed-owner"
  allowed_namespaces = ["company.reporting"]
}
resource "penstock_flow" "child" {
  source = <<-YAML
    id: child
    namespace: mistakes.not-allowed-owner
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_flow" "load" {
  source = <<-YAML
    id: load
    namespace: mistakes.not-allowed
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.not-allowed-owner
        flowId: child
  YAML
}
