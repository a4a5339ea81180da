"""A ranked table in words: its rows, its caveats, and what its splits can tell."""
