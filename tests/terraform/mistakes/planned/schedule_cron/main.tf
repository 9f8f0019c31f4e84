resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.schedule-cron
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_schedule" "nightly" {
  namespace = "mistakes.schedule-cron"
  schedule_id = "nightly"
  flow_id = "load"
  cron = "0 2 31 2 *"
}
