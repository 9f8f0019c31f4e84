terraform import penstock_flows.team company.team
