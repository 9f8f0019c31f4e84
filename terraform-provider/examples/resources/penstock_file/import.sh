terraform import penstock_file.orders company.team/sql/orders.sql
