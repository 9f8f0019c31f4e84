resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.renamed-task
    tasks:
      - id: fetch_orders
        type: core.debug.Return
        format: 3 rows
      - id: tell
        type: core.log.Log
        message: "{{ outputs.fetch.value }}"
  YAML
}
