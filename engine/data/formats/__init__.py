"""The formats of label files: one module each, told apart by `detect`."""
