"""What people touch: the terminal application and the command line."""
