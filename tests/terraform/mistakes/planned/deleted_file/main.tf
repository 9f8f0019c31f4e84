resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.deleted-file
    tasks:
      - id: it
        type: core.log.Log
        message: "{{ read('sql/orders.sql') }}"
  YAML
}
