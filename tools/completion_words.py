"""Write tui/completion/words.json anew, after a command or an option has changed."""

from __future__ import annotations

import json

from tui.completion import WORDS
from tui.completion.collect import collect

if __name__ == "__main__":
    WORDS.write_text(json.dumps(collect(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
