resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.schedule-zone
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_schedule" "nightly" {
  namespace = "mistakes.schedule-zone"
  schedule_id = "nightly"
  flow_id = "load"
  cron = "0 2 * * *"
  timezone = "Europe/Wien"
}
