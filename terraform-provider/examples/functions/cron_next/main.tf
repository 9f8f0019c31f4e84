terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

# A function must give one result in a whole run: plantimestamp() stays what it is.
output "next_mornings" {
  value = provider::penstock::cron_next("30 6 * * 1-5", "Europe/Paris", 3, plantimestamp())
}
