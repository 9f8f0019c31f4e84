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
resource "penstock_file" "query" {
  namespace = "mistakes.deleted-file"
  path = "sql/orders.sql"
  content = "select 1\n"
}
