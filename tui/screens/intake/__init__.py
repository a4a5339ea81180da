"""A file that is looked at before it is imported."""
