"""What a shell completes: commands, options and their values, from a table and a few small files."""

from pathlib import Path
from typing import Final

WORDS: Final = Path(__file__).with_name("words.json")
"""The table, which `collect` makes."""
