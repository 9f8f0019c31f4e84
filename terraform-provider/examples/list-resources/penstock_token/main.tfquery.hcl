list "penstock_token" "all" {
  provider = penstock
}
