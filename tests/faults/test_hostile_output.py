"""Names that want to steer a terminal or a spreadsheet, through every command that prints them."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import unicodedata

import pytest
from fault_tools import a_home, here, plain

from store.provenance import Environment, Run
from store.records import Failed, Metrics, Model, Prediction, Scored, Unit
from store.store import Store

pytestmark = pytest.mark.faults

HOSTILE = (
    "[/]",
    "[/foo]",
    "[link=https://example.org]here[/link]",
    "[@click=app.quit]here[/]",
    "clear\x1b[2Jscreen",
    "title\x1b]0;owned\x07",
    "clipboard\x1b]52;c;aGFsbG8=\x07",
    "link\x1b]8;;https://example.org\x1b\\here",
    "c1\x9b31m\x90q\x9c",
    "bidi\u202eexe.gpj",
    "isolate\u2066x\u2069",
    "zero\u200bwidth\ufeff",
    "nul\x00byte",
    "two\nlines",
    "back\rhome\x08\x08",
    "tab\tbed\x7f",
    '=HYPERLINK("https://example.org";"x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\\input{x} $a_b^c$ %&#~|`",
)
NOON = "2026-11-23T12:00:00.000+00:00"


def is_steering(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in "\n"


def unit_of(name: str, number: int) -> Unit:
    spec = {
        "v": 1,
        "model": {"source": name, "revision": "1", "kind": "package"},
        "embedding": {},
        "task": name,
        "protocol": {"name": "lr", "revision": 1, "params": {}},
        "axes": {"text": "facts"},
        "split": {"scheme": "paper", "seed": number},
    }
    return Unit(name, name, "lr", "paper", number, spec)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A store in which every name there can be is hostile, each of them once."""
    home = a_home(tmp_path_factory.mktemp("hostile"))
    environment = Environment(
        "3.11", HOSTILE[4], HOSTILE[5], "cpu", HOSTILE[6], 1, {HOSTILE[16]: HOSTILE[9]}
    )
    metrics = Metrics(0.75, 0.5, 0.5, 0.5, 0.5, 0.25)
    with contextlib.closing(Store(home)) as store:
        store.append(Run("r", NOON, {"models": HOSTILE}, 38, 0, 1, HOSTILE[7], NOON, "failed"), environment)
        for number, name in enumerate(HOSTILE):
            unit = unit_of(name, number)
            genes = (Prediction(0, name, 0, (0.6, 0.4)), Prediction(1, "TP53", 1, (0.4, 0.6)))
            score = Scored(unit, metrics, genes, "s", 9, 2, environment.hash, NOON, notes=(name,))
            store.append(Model(name, "package", name, "1", licence=name, note=name), score)
            failing = unit_of(name, 100 + number)
            store.append(Failed(failing, name, f"Traceback {name}", name, environment.hash, NOON))
        store.flush()
    # A task whose genes, classes and title are hostile, and models of that kind.
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["gene", "label", "description"])
    for number in range(38):
        name = HOSTILE[number % 19].replace("\x00", "")
        writer.writerow([f"G{number}{name}", ("up" + HOSTILE[4], "down" + HOSTILE[16])[number % 2], name])
    (home.data.parent / "evil.csv").write_text(lines.getvalue())
    tables = [
        f'[[models]]\nname = {json.dumps(f"m{number}{name}")}\nkind = "huggingface"\n'
        f'source = "a/b{number}"\nrevision = "{number:040d}"\nnote = {json.dumps(name)}\n'
        for number, name in enumerate(HOSTILE)
        if not set(name) & {"\x00", "\x7f", "\n", "\r", "\t"}
    ]
    home.config_file.write_text("\n".join(tables))
    return home


def on_a_terminal(home, *arguments: str) -> tuple[int, str]:
    """Exit code of the command line on a terminal, and all that reached it but the program's own colours.

    That no name brings colours along, plain mode shows, which has none.
    """
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "--home", str(home.data.parent), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(master, 65536):
            shown += chunk
    os.close(master)
    text = shown.decode().replace("\r\n", "\n")
    return process.wait(60), text if "--plain" in arguments else COLOURS.sub("", text)


COLOURS = re.compile("\x1b\\[[0-9;]*m")
QUERY = "select units.model, units.task, sentence from failures join units using (key)"
SHOWN = (
    (("rank", "--all", "--no-references"), 0),
    (("--plain", "rank", "--all", "--no-references"), 0),
    (("--plain", "sql", QUERY), 0),
    (("rank", "--all", "--no-references", "--format", "csv"), 0),
    (("export", "predictions", "--format", "markdown"), 0),
    (("export", "failures", "--format", "latex"), 0),
    (("export", "scores", "--format", "csv"), 0),
    (("sql", QUERY), 0),
    (("sql", QUERY, "--json"), 0),
    (("models",), 0),
    (("rank", "--protocol", HOSTILE[6]), 2),
)


@pytest.mark.parametrize(("arguments", "code"), SHOWN, ids=lambda value: str(value)[:40])
def test_nothing_that_steers_reaches_the_terminal(home, arguments, code):
    left, shown = on_a_terminal(home, *arguments)
    assert left == code, shown
    assert "unforeseen" not in shown
    assert [character for character in shown if is_steering(character)] == []


def test_an_audit_of_hostile_labels_reaches_the_terminal_clean(home):
    evil = str(home.data.parent / "evil.csv")
    for arguments in (("tasks", evil, "--audit"), ("tasks", evil, "--json")):
        left, shown = on_a_terminal(home, *arguments)
        assert left in (0, 2), shown
        assert "Traceback" not in shown
        assert "unforeseen" not in shown
        assert [character for character in shown if is_steering(character)] == []


def test_every_name_is_told_in_some_form(home):
    _, shown = on_a_terminal(home, "sql", "select distinct model from units", "--json")
    assert {row["model"] for row in json.loads(shown)} == set(HOSTILE)
    _, shown = on_a_terminal(home, "sql", "select distinct model from units")
    for name in ("\\x1b[2J", "\\x9b31m", "\\u202e", "\\x00", "\\n", "[/foo]"):
        assert name in shown


def test_a_spreadsheet_finds_no_formula_in_an_export(home, tmp_path):
    for what in ("scores", "predictions", "failures", "models", "runs", "environments", "rankings"):
        path = tmp_path / f"{what}.csv"
        plain(here(home, "export", what, "-o", str(path)), 0)
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1, "a name broke a line in two"
        for cell in (cell for row in rows for cell in row):
            if cell.startswith(("=", "+", "-", "@", "\t", "\r", "|", "%")):
                float(cell)  # a number, or the cell could be a formula
