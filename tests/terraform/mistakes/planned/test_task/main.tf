resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.test-task
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_test" "it" {
  source = <<-YAML
    id: checks
    namespace: mistakes.test-task
    flowId: load
    cases:
      - id: runs
        expect:
          tasks:
            sya: SUCCESS
  YAML
}
