list "penstock_schedule" "all" {
  provider = penstock
}
