"""Controls: what stands in for a model's vectors where there is no model."""
