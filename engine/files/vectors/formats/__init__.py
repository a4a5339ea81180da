"""Formats of tables of vectors, one module each; every one gives a `Content`."""
