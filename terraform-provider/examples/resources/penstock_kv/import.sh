terraform import penstock_kv.rates company.team/rates
