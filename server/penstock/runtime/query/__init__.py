"""jq in processes of its own, kept warm, because nothing can stop a query within this one."""
