terraform import penstock_test.greet company.team/greet_test
