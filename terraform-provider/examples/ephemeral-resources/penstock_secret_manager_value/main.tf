terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

ephemeral "penstock_secret_manager_value" "chat_token" {
  project = "company-prod"
  secret  = "chat-token"
  version = "3" # pinned: a rotation is a reviewed change of this line
}

resource "penstock_secret" "chat_token" {
  namespace = "company.team"
  key       = "CHAT_TOKEN"
  value_wo  = ephemeral.penstock_secret_manager_value.chat_token.value
}

ephemeral "penstock_secret_manager_value" "warehouse" {
  manager  = "aws"
  region   = "eu-central-1" # AWS_REGION when not given
  secret   = "prod/warehouse"
  json_key = "password" # the newest: a rotation is a planned change
}

resource "penstock_secret" "warehouse" {
  namespace = "company.team"
  key       = "WAREHOUSE_PASSWORD"
  value_wo  = ephemeral.penstock_secret_manager_value.warehouse.value
}
