terraform import penstock_files.team company.team
