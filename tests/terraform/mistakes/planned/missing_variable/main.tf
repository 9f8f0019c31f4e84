resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.missing-variable
    tasks:
      - id: it
        type: core.log.Log
        message: "{{ namespace.bukcet }}"
  YAML
}
resource "penstock_namespace" "team" {
  namespace = "mistakes.missing-variable"
  variables = { bucket = "raw" }
}
