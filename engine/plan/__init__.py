"""From what was chosen to units of work. Imports nothing heavy."""
