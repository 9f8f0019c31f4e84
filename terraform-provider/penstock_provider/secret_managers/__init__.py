"""Secret managers that `penstock_secret_manager_value` reads from, one file each."""
