terraform import penstock_tenant.team team-data
