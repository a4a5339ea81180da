"""The real program behind a real terminal: it paints, answers keys, and leaves the terminal as it was."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pyte
import pytest
from fake_arena import a_status
from fault_tools import until

from engine.mailbox import UnitStatus, runner_lock, write_status
from store.home import find_home

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys; from tui.cli import main; main()"


class Terminal:
    """A pty with a screen that understands what is written to it."""

    def __init__(
        self,
        home: Path,
        columns: int = 80,
        lines: int = 24,
        command: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
        **environment: str,
    ) -> None:
        program, *arguments = command or (sys.executable, "-c", PROGRAM, "--home", str(home), *options)
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        clean = {
            name: value for name, value in os.environ.items() if name not in ("SSH_CONNECTION", "TMUX")
        }
        self.child = pexpect.spawn(
            program,
            arguments,
            dimensions=(lines, columns),
            env={**clean, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environment},
            timeout=30,
        )

    def read(self) -> str:
        try:
            data = self.child.read_nonblocking(65_536, timeout=0.1)
        except (pexpect.TIMEOUT, pexpect.EOF):
            data = b""
        self.raw += data
        self.stream.feed(data)
        return "\n".join(self.screen.display)

    def until(self, wanted: str, seconds: float = 60.0) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if wanted in self.read():
                return "\n".join(self.screen.display)
        raise AssertionError(f"{wanted!r} never showed:\n" + "\n".join(self.screen.display))

    def leave(self) -> int:
        end = time.monotonic() + 60
        while self.child.isalive() and time.monotonic() < end:
            self.read()
        self.read()
        self.child.close()
        return self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus


@pytest.fixture
def terminal(tmp_path):
    made = []

    def make(**options) -> Terminal:
        made.append(Terminal(tmp_path / "home", **options))
        return made[-1]

    yield make
    for item in made:
        item.child.close(force=True)


def test_it_opens_answers_keys_and_leaves_the_terminal_as_it_was(terminal):
    program = terminal()
    for shown in ("enter runs the 1,160", "■ all-MiniLM-L6-v2", "Tasks 4 of 5"):
        program.until(shown)
    program.child.send("3")
    program.until("Board")
    program.child.send("q")
    assert program.leave() == 0
    for mode in (b"1049", b"1000", b"1003", b"2004", b"25"):
        switched = [piece for piece in program.raw.split(b"\x1b[?") if piece[: len(mode)] == mode]
        expected = b"h" if mode == b"25" else b"l"
        assert switched[-1][len(mode) : len(mode) + 1] == expected, mode


def test_the_terminal_that_goes_away_ends_it_in_order(terminal):
    program = terminal()
    program.until("enter runs the")
    program.child.kill(1)
    assert program.leave() == 129


def test_without_colour_and_over_ssh_it_says_the_same(terminal):
    program = terminal(NO_COLOR="1", SSH_CONNECTION="a 1 b 2", TERM="xterm")
    program.until("enter runs the 1,160")
    program.until("▌■ all-MiniLM-L6-v2")


def test_a_live_run_sends_little_over_a_slow_line(terminal, tmp_path):
    """Four snapshots a second at 120x40 have to stay under 30 KiB/s: 7.5 KiB for each."""
    home = find_home(tmp_path / "home").create()
    with runner_lock(home):
        write_status(home, a_status(pid=os.getpid(), scored=0))
        program = terminal(columns=120, lines=40, COLORTERM="truecolor")
        program.until("q Quit")
        program.child.send("2")
        program.until("11/160")
        before = len(program.raw)
        for scored in range(1, 13):
            unit = UnitStatus(f"k{scored}", "mini", "tall", "lr", "paper", scored, "scored", 0.9, 1.0)
            recent = (unit, *a_status().recent)
            write_status(
                home, a_status(pid=os.getpid(), scored=scored, recent=recent, eta_s=100.0 - scored)
            )
            program.until(f"{scored + 11}/160")
        assert (len(program.raw) - before) / 12 < 7.5 * 1024


@pytest.mark.parametrize(
    "first",
    ["tui.app", "tui.app, tui.screens.plan.screen, tui.screens.runs.screen, tui.screens.board.screen"],
)
def test_nothing_heavy_is_imported_before_the_first_frame(first):
    heavy = [
        "numpy",
        "pandas",
        "pyarrow",
        "scipy",
        "sklearn",
        "matplotlib",
        "torch",
        "transformers",
        "sentence_transformers",
        "duckdb",
    ]
    code = f"import sys, {first}; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_over_ssh_fewer_frames_are_painted_unless_the_user_chose():
    code = "import tui.app, textual.constants; print(textual.constants.MAX_FPS)"

    def frames(**extra: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"}
        return subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
            env={**environment, **extra},
            timeout=60,
        ).stdout.strip()

    assert frames() == "60"
    assert frames(SSH_CONNECTION="a 1 b 2") == "15"
    assert frames(SSH_CONNECTION="a 1 b 2", TEXTUAL_FPS="30") == "30"


def test_what_is_typed_in_one_write_goes_where_a_person_would_have_typed_it(terminal, tmp_path):
    program = terminal()
    program.until("enter runs the 1,160")
    program.child.send(f":export {tmp_path / 'exported.csv'}\r")
    program.until("Wrote ")
    assert (tmp_path / "exported.csv").read_text().count("\nall-MiniLM-L6-v2,384") == 1
    program.child.send("/lr\r")
    program.until("No row matches 'lr'")
    program.child.send(f"\x1b[Z:export {tmp_path / 'seeds.csv'}\r6iqq5")
    program.until("qq5")
    until((tmp_path / "seeds.csv").exists)
    program.child.send("\x11")
    assert program.leave() == 0
