resource "penstock_namespace" "it" {
  namespace = "mistakes/namespace name"
}
