"""Output that is written at once where the terminal takes it, and in order whatever it takes."""

from __future__ import annotations

import os
import pty
import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest

from tui.terminal.writing import SMALL, Writer, write_at_once


@pytest.fixture
def ends():
    """A terminal: the end that a person sees, and the program's as a file."""
    seen, program = pty.openpty()
    with os.fdopen(program, "w", encoding="utf-8", newline="") as file:
        yield seen, file
    os.close(seen)


def read(seen, length):
    """So many bytes."""
    found = b""
    while len(found) < length:
        found += os.read(seen, length - len(found))
    return found


def test_what_is_small_is_there_when_the_call_returns(ends):
    seen, file = ends
    Writer(file).write("cursor")  # its thread never runs
    assert read(seen, 6) == b"cursor"


def test_everything_comes_in_order_however_slow_the_terminal_is(ends):
    seen, file = ends
    writer = Writer(file)
    writer.start()
    sent = [f"{number:06d}" * (1 if number % 3 else 4 * SMALL // 6) for number in range(60)]
    found = []
    reader = threading.Thread(target=lambda: found.append(read(seen, sum(map(len, sent)))))
    reader.start()
    for text in sent:
        writer.write(text)
    writer.stop()
    reader.join(60)
    assert found == ["".join(sent).encode()]


def test_a_terminal_that_takes_nothing_more_holds_no_call_up(ends):
    seen, file = ends
    writer = Writer(file)
    writer.start()
    sent = [f"{number:04d}─" * 99 for number in range(25)]  # far more than a terminal holds unread
    for text in sent:
        writer.write(text)
    assert read(seen, sum(len(text.encode()) for text in sent)) == "".join(sent).encode()
    writer.stop()


def test_what_cannot_be_opened_again_is_left_to_the_thread(ends, monkeypatch):
    seen, file = ends
    monkeypatch.setattr(os, "ttyname", lambda _: "/nowhere")
    writer = Writer(file)
    writer.write("cursor")
    writer.start()
    writer.stop()
    assert read(seen, 6) == b"cursor"


def test_what_comes_after_something_that_waits_waits_too(ends):
    seen, file = ends
    writer = Writer(file)
    writer.write("a" * (SMALL + 1))
    writer.write("b")
    writer.start()
    writer.stop()
    assert read(seen, SMALL + 2) == b"a" * (SMALL + 1) + b"b"


def test_a_terminal_that_has_gone_away_holds_nothing_up():
    seen, program = pty.openpty()
    file = os.fdopen(program, "w", encoding="utf-8")
    writer = Writer(file)
    writer.start()
    os.close(seen)
    for number in range(100):
        writer.write("a" * (1 if number % 2 else SMALL + 1))
    writer.stop()
    with suppress(OSError):
        file.close()


def test_a_driver_without_such_a_thread_stays_as_it_is(monkeypatch):
    import sys

    module = SimpleNamespace(Driver=type("Driver", (), {"__module__": "some.driver"}))
    monkeypatch.setitem(sys.modules, "some.driver", module)
    write_at_once(module.Driver)
    assert vars(module).keys() == {"Driver"}
    module.WriterThread = object
    write_at_once(module.Driver)
    assert module.WriterThread is Writer
