list "penstock_namespace" "company" {
  provider = penstock

  config {
    namespace        = "company"
    include_children = true
  }
}
