"""What runs: the executor, its workers, and the duties beside them."""
