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
