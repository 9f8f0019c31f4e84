resource "penstock_flow" "parent" {
  source = <<-YAML
    id: parent
    namespace: mistakes.used-member
    tasks:
      - id: call
        type: core.flow.Subflow
        namespace: mistakes.used-member
        flowId: child
  YAML
}
resource "penstock_flows" "all" {
  namespace = "mistakes.used-member"
  sources = {
    child = <<-YAML
    id: child
    namespace: mistakes.used-member
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
    other = <<-YAML
    id: other
    namespace: mistakes.used-member
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
  }
}
