"""A run: the contract of who does the work, the threads that do it here, and what keeps watch over them."""
