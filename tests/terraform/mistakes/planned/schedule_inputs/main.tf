resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.schedule-inputs
    inputs:
      - id: day
        type: STRING
        defaults: friday
    tasks:
      - id: say
        type: core.log.Log
        message: Good morning
  YAML
}
resource "penstock_schedule" "nightly" {
  namespace = "mistakes.schedule-inputs"
  schedule_id = "nightly"
  flow_id = "load"
  cron = "0 2 * * *"
  inputs = { dya = "monday" }
}
