resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.bad-image
    tasks:
      - id: it
        type: scripts.python.Script
        containerImage: "Python:3.11 slim"
        script: print('hi')
  YAML
}
