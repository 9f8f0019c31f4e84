terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

data "penstock_state" "all" {
  kinds = ["flow", "schedule"]
}

output "not_by_terraform" {
  value = [
    for object in data.penstock_state.all.objects : "${object.kind} ${object.namespace}/${object.id}"
    if !startswith(object.owner, "terraform:")
  ]
}
