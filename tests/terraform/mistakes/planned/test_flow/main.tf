resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.test-flow
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_test" "it" {
  source = <<-YAML
    id: checks
    namespace: mistakes.test-flow
    flowId: laod
    cases:
      - id: runs
        expect: {state: SUCCESS}
  YAML
}
