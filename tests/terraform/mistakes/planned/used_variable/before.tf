resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.used-variable.below
    tasks:
      - id: it
        type: core.log.Log
        message: "{{ namespace.bucket }}"
  YAML
}
resource "penstock_namespace" "team" {
  namespace = "mistakes.used-variable"
  variables = { bucket = "raw" }
}
