resource "penstock_flows" "all" {
  namespace = "mistakes.set-member"
  sources = {
    load = <<-YAML
    id: load
    namespace: mistakes.set-member
    tasks:
      - id: it
        type: core.log.Lgo
        message: hi
  YAML
    other = <<-YAML
    id: other
    namespace: mistakes.set-member
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
  }
}
