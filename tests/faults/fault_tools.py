"""Starting, watching and ending real processes for the fault tests."""

from __future__ import annotations

import contextlib
import csv
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from engine import mailbox
from engine.catalog.models import find_model
from engine.data.tasks.shelf import SAMPLE
from engine.plan.launch import Launch, Options
from engine.plan.selection import Selection
from store.home import Home, find_home
from store.journal import Entry, read_journals
from tui.cli import cli

FOLDER = Path(__file__).parent
MODEL = "all-MiniLM-L6-v2"
PARENT = "import sys; from engine.run.__main__ import main; sys.exit(main(sys.argv[2:], (sys.argv[1],)))"
LONG = 5000
"""More units than any test here lets a tiny runner finish."""


def a_home(folder: Path) -> Home:
    """A home that knows the bundled model's files: the first process in each would read their 90 MB."""
    home = find_home(folder / "home").create()
    find_model(MODEL, home)
    return home


@cache
def known_symbols() -> tuple[str, ...]:
    with (SAMPLE / "genes.csv").open(newline="") as file:
        return tuple(row["symbol"] for row in csv.DictReader(file))


def a_task(folder: Path, name: str, per_class: int = 12) -> str:
    """A file of genes of the sample: for others all human genes are read, half a second in each process."""
    known = known_symbols()
    first = zlib.crc32(name.encode()) % (len(known) - 2 * per_class)
    rows = ["gene,label,description"]
    for place, symbol in enumerate(known[first : first + 2 * per_class]):
        rows.append(f"{symbol},{('up', 'down')[place % 2]},text {place} of {name}")
    path = folder / f"{name}.csv"
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def a_selection(folder: Path, units: int, tasks: tuple[str, ...] = ("one", "two")) -> Selection:
    """`units` units of lr and rf on tiny tasks written into `folder`."""
    paths = tuple(a_task(folder, name) for name in tasks)
    return Selection((MODEL,), paths, ("lr", "rf"), seeds=tuple(range(units // (2 * len(tasks)))))


def enqueue(home: Home, selection: Selection) -> None:
    """Queue `selection` for two classifying threads."""
    mailbox.enqueue(home, Launch(selection, Options("cpu", 2)))


def tiny(
    home: Home, seconds: float = 0.01, poison: str = "", parent: bool = False, **extra
) -> subprocess.Popen:
    """A detached runner whose units take `seconds`; the unit whose key is `poison` crashes it.

    With `parent`, the process is the runner's parent, as it is for users.
    """
    program = ["-c", PARENT, str(FOLDER / "tiny_runner.py")] if parent else [str(FOLDER / "tiny_runner.py")]
    places = [str(home.data), str(home.cache), str(home.config), str(home.log)]
    return subprocess.Popen(
        [sys.executable, *program, *places],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=extra.pop("stdout", subprocess.DEVNULL),
        stderr=extra.pop("stderr", subprocess.DEVNULL),
        env={**os.environ, "TINY_SECONDS": str(seconds), "TINY_POISON": poison, **extra.pop("env", {})},
        **extra,
    )


@contextlib.contextmanager
def ended(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """`process`, which does not outlive the block, however the block ends."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run_tiny(home: Home, selection: Selection, seconds: float = 0.0) -> None:
    """Let a tiny runner work off `selection` to its end."""
    enqueue(home, selection)
    with ended(tiny(home, seconds)) as runner:
        assert runner.wait(1800) == 0


def genearena(home: Home | None, *arguments: str, tiny_seconds: float | None = None, **extra):
    """The command line in a process of its own; with `tiny_seconds` its units take that long."""
    program = ["-m", "tui"] if tiny_seconds is None else [str(FOLDER / "tiny_genearena.py")]
    environment = {**os.environ, **extra.pop("env", {})}
    if tiny_seconds is not None:
        environment["TINY_SECONDS"] = str(tiny_seconds)
    place = ["--home", str(home.data.parent)] if home else []
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 120, **extra}
    return subprocess.run([sys.executable, *program, *place, *arguments], env=environment, **options)


def here(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in this process, where a process of its own, 0.5 s, is not what is tested."""
    done = CliRunner().invoke(cli, ["--home", str(home.data.parent), *arguments])
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def plain(done, code: int):
    """`done` ended with `code` and showed no traceback; gives it back."""
    shown = f"{done.stdout or ''}{done.stderr or ''}"
    assert "Traceback" not in shown, shown
    assert done.returncode == code, (done.args, done.returncode, shown)
    return done


def until(condition: Callable[[], object], seconds: float = 60, what: str = "") -> None:
    """Wait for `condition`; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what or condition}"
        time.sleep(0.03)


def journalled(home: Home, kind: str = "scored") -> list[str]:
    """Keys in the journals' whole lines of one kind, with repeats."""
    return [e.key for e in read_journals(home.journals, {}) if isinstance(e, Entry) and e.kind == kind]
