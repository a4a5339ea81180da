from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
for name in ("GENEARENA_HOME", "SSH_CONNECTION"):
    os.environ.pop(name, None)

# Helpers that several tests of one folder share are imported by plain name.
HERE = Path(__file__).parent
sys.path += sorted({str(path.parent) for path in HERE.rglob("*.py")} - {str(HERE)})
