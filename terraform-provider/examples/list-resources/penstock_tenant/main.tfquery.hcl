list "penstock_tenant" "all" {
  provider = penstock
}
