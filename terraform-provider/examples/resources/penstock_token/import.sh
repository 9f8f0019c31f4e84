terraform import penstock_token.ci ci
