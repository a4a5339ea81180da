"""Widgets two screens share, and the one sanitiser for text from outside."""
