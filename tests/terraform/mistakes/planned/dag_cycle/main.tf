resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.dag-cycle
    tasks:
      - id: graph
        type: core.flow.Dag
        tasks:
          - task: {id: a, type: core.log.Log, message: a}
            dependsOn: [b]
          - task: {id: b, type: core.log.Log, message: b}
            dependsOn: [a]
  YAML
}
