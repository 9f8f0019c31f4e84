resource "penstock_kv" "day" {
  namespace = "mistakes.kv-type"
  key = "day"
  value = "the 5th"
  type = "DATE"
}
