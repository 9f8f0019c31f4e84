list "penstock_flow" "team" {
  provider         = penstock
  include_resource = true
  limit            = 1000

  config {
    namespace        = "company.team"
    include_children = true
  }
}
