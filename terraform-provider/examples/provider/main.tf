terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

provider "penstock" {
  endpoint = "https://penstock.example.com" # or PENSTOCK_ENDPOINT
  # token: from PENSTOCK_TOKEN, so that it is in no file
  owner = "terraform:analytics" # or PENSTOCK_OWNER

  source {
    repository = "https://git.example.com/shop/flows"
    commit     = var.commit
  }
}

variable "commit" {
  type    = string
  default = null
}
