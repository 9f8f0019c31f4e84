terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}

variable "flow" {
  type        = string
  description = "Text of the flow that this module declares."

  # Asks the server of PENSTOCK_ENDPOINT, PENSTOCK_TOKEN and PENSTOCK_TENANT.
  validation {
    condition = alltrue([
      for finding in provider::penstock::validate_flow(var.flow) : finding.severity != "error"
    ])
    error_message = "The flow is not valid."
  }
}

output "findings" {
  value = provider::penstock::validate_flow(var.flow)
}
