"""A model's vectors of a task's genes as a flat map, and whether what is near on it means anything."""
