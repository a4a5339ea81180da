"""The ranked table."""
