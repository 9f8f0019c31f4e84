resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.wrong-cron
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
    triggers:
      - id: nightly
        type: core.trigger.Schedule
        cron: 0 25 * * *
  YAML
}
