resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.schedule-flow
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_schedule" "nightly" {
  namespace = "mistakes.schedule-flow"
  schedule_id = "nightly"
  flow_id = "laod"
  cron = "0 2 * * *"
}
