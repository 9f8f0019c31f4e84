terraform import penstock_flow.hello company.team/hello
