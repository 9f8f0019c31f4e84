resource "penstock_flow" "one" {
  source = <<-YAML
    id: load
    namespace: mistakes.two-resources
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_flow" "two" {
  source = <<-YAML
    id: load
    namespace: mistakes.two-resources
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
