resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.flow-trigger
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
    triggers:
      - id: after
        type: core.trigger.Flow
        preconditions:
          id: upstream
          flows:
            - namespace: mistakes.flow-trigger
              flowId: laod
  YAML
}
