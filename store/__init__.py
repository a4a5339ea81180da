"""What is remembered: records, journals and the DuckDB file. Imports neither `engine` nor `tui`."""
