resource "penstock_schedule" "it" {
  namespace = "mistakes.cron-fields"
  schedule_id = "s"
  flow_id = "load"
  cron = "0 2 * *"
}
