from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Threads of numpy and torch that wait for work spin, unless told to sleep: on two cores that two workers
# share, two fifths of the processor time of the logistic regressions. How many they are stays as it is.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
for name in ("GENEARENA_HOME", "SSH_CONNECTION"):
    os.environ.pop(name, None)

# What ignores a signal hands that on to the programs it starts. Behind `nohup`, or in the background of
# a script, pytest ignores these, and the programs would not end when a test sends them one.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

# Helpers that several tests of one folder share are imported by plain name.
HERE = Path(__file__).parent
sys.path += sorted({str(path.parent) for path in HERE.rglob("*.py")} - {str(HERE)})
