terraform import penstock_namespace.team company.team
