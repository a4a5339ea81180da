"""Any question."""
