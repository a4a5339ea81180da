"""Homes as a whole: two made one, kept in a file, and made smaller."""
