"""A newcomer's twelve tasks through a real terminal: every key is read from the screen, then pressed.

A key counts once however it is sent; what is typed as a path or as SQL does not count. Arrows need no
name where the cursor `▌` stands in a list.
"""

from __future__ import annotations

import csv
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from test_real_terminal import PROGRAM, Terminal

from engine.data.tasks.shelf import SAMPLE
from engine.plan.selection import Selection
from store import connect
from store.home import find_home
from tui.questions.arena import Arena
from tui.questions.imports import import_file

BUDGET = 60
"""Keys for all twelve tasks."""
PATIENCE = 240.0
"""Seconds after which a screen that does not come is given up, however busy the machine is."""
SENT = {"enter": "\r", "esc": "\x1b", "tab": "\t", "space": " ", "f5": "\x1b[15~", "down": "\x1b[B"}
TASKS = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")
DIMENSIONS = 8


class Newcomer:
    """Someone who looks at the screen, presses a key that it names, and waits for what comes of it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.keys: Counter[str] = Counter()
        """Task -> keys."""
        self.task = ""
        self.sit_down()

    def sit_down(self) -> None:
        """Open the program."""
        self.terminal = Terminal(
            self.home, command=(sys.executable, "-c", PROGRAM, "--home", str(self.home))
        )

    @property
    def screen(self) -> str:
        return "\n".join(self.terminal.screen.display)

    def sees(self, *wanted: str) -> str:
        """Wait until all of this is on the screen at once."""
        for _ in iter(int, 1):
            missing = next((one for one in wanted if one not in self.screen), None)
            if missing is None:
                return self.screen
            self.terminal.until(missing, PATIENCE)

    def finds(self, pattern: str) -> str | tuple[str, ...]:
        """Wait until this is on the screen, once, and take what its groups match."""
        end = time.monotonic() + PATIENCE
        while len(found := re.findall(pattern, self.screen, re.MULTILINE)) != 1:
            assert time.monotonic() < end, f"{pattern!r} never showed once:\n{self.screen}"
            self.terminal.read()
        return found[0]

    def rests(self, since: int, seconds: float = 1.0) -> None:
        """Wait until something was sent after the first `since` bytes, and then nothing for a while."""
        end = time.monotonic() + PATIENCE
        quiet, before = time.monotonic(), since
        while len(self.terminal.raw) == since or time.monotonic() - quiet < seconds:
            assert time.monotonic() < end, self.screen
            self.terminal.read()
            if len(self.terminal.raw) != before:
                quiet, before = time.monotonic(), len(self.terminal.raw)

    def press(self, key: str, named: str, *then: str) -> str:
        """Press a key that the screen names, and wait for what was not there before."""
        if key != "down":
            assert re.search(rf"(^|[ ▌│]){re.escape(named)}", self.sees(named), re.MULTILINE), named
            assert named.startswith(key), named
        assert not then or any(one not in self.screen for one in then), "it was there before"
        self.keys[self.task] += 1
        self.terminal.child.send(SENT.get(key, key))
        return self.sees(*then)

    def types(self, text: str) -> None:
        """Type a path, or SQL."""
        self.terminal.child.send(text)
        self.sees(text[-20:])


@pytest.fixture
def vectors() -> dict[str, np.ndarray]:
    """Numbers that say nothing about any gene."""
    draw = random.Random(0)
    with (SAMPLE / "genes.csv").open() as file:
        symbols = [row["symbol"] for row in csv.DictReader(file)]
    return {symbol: np.array([round(draw.gauss(0, 1), 4) for _ in range(DIMENSIONS)]) for symbol in symbols}


@pytest.fixture
def home(tmp_path, vectors):
    """Nothing has run; a quick model, a table of noise and one protocol are chosen."""
    home = find_home(tmp_path / "home").create()
    file = tmp_path / "noise.csv"
    head = ",".join(["gene", *(f"Dim_{place}" for place in range(DIMENSIONS))])
    rows = (",".join([symbol, *map(str, row)]) for symbol, row in vectors.items())
    file.write_text("\n".join([head, *rows]) + "\n")
    import_file(home, "vectors", str(file))
    models = ("wordllama-256", "noise")
    Arena(home).keep_choice(Selection(models, TASKS, ("lr",), tuple(range(41, 51)), controls="none"))
    return home


@pytest.fixture
def own_genes(tmp_path, vectors):
    file = tmp_path / "mine.csv"
    rows = (
        f"{symbol},{'kept' if place % 3 else 'lost'}" for place, symbol in enumerate(list(vectors)[:60])
    )
    file.write_text("\n".join(["gene,label", *rows]) + "\n")
    return file


@pytest.fixture
def newcomer(home):
    newcomer = Newcomer(home.data.parent)
    yield newcomer
    newcomer.terminal.child.close(force=True)


def asked(home, sql: str) -> list[tuple]:
    """What the store answers."""
    with connect(home) as con:
        return con.execute(sql).fetchall()


def mean(home, model: str, protocol: str) -> float:
    sql = f"select auc from scores where model = '{model}' and protocol = '{protocol}'"
    found = asked(home, sql)
    assert len(found) == 12
    return float(np.mean(found))  # of tasks that have as many splits each


def short(auc: float) -> str:
    return f"{auc:.3f}".removeprefix("0")


def signed(difference: float) -> str:
    return f"{'+' if difference > 0 else '−'}{short(abs(difference))}"


@pytest.mark.timeout(1200)
def test_twelve_tasks_take_a_newcomer_sixty_keys(newcomer, home, own_genes, vectors, tmp_path):
    press, sees, finds = newcomer.press, newcomer.sees, newcomer.finds

    newcomer.task = "plan"
    sees("2 models × 4 tasks × 1 protocol × 10 seeds", "enter runs the 80")
    press("tab", "tab Pane", "▌ Tasks")
    press("tab", "tab Pane", "▌ Protocols")
    press("down", "", "▌□ rf")
    press("space", "space Choose", "× 2 protocols ×", "enter runs the 160")
    press("tab", "tab Pane", "▌ Settings")
    press("down", "", "▌seeds")
    press("space", "space Change", "× 3 seeds = 48 units", "enter runs the 48")

    newcomer.task = "run"
    press("enter", "enter runs the 48", "of 48 done")
    chosen = Arena(home).last_choice()
    assert (chosen.protocols, chosen.seeds) == (("lr", "rf"), (41, 42, 43))

    newcomer.task = "watch"
    sees("wordllama-256 lr", "one mark a split")
    sees("✓ finished 48 of 48 done, none failed", "Press 3 for the ranks")
    newcomer.keys["watch"] += 0
    assert asked(home, "select count(*) from scores") == [(48,)]

    newcomer.task = "find the best"
    means = {(m, p): mean(home, m, p) for m in ("wordllama-256", "noise") for p in ("lr", "rf")}
    press("3", "3 for the ranks", "▌   wordllama-256", "among the paper's 11")
    best = finds(r"^.*▌   wordllama-256 .*$")
    assert best.split()[2] == "1"
    assert short(means["wordllama-256", "lr"]) in best

    newcomer.task = "really better"
    press("c", "c Compare", "A better 99 %")
    better = means["wordllama-256", "lr"] - means["noise", "lr"]
    finds(rf"● A wordllama-256 +◆ B noise +A better \{signed(better)}")

    newcomer.task = "compare two heads"
    press("b", "b Side B", "Side B", "up and down move, enter picks")
    for letter in "rf":  # what the head is called, in the list
        newcomer.keys[newcomer.task] += 1
        newcomer.terminal.child.send(letter)
    sees("/rf")
    press("enter", "enter picks", "◆ B wordllama-256 / rf")
    heads = means["wordllama-256", "lr"] - means["wordllama-256", "rf"]
    sees("The two differ in protocol")
    finds(rf"not told apart \{signed(heads)}")

    newcomer.task = "a wrong gene and its neighbours"
    press("5", "5Genes", "PCA, one dot a gene")
    sees("171 genes  wordllama-256")
    gene = finds(r"^▌(\w\S*)")
    while "171 genes  noise" not in newcomer.screen:
        at = len(newcomer.terminal.raw)
        press("]", "] Model")
        newcomer.rests(at)
    assert finds(r"^▌(\w\S*)") == gene
    press("enter", "enter Open", f"▌ Neighbours of {gene} by noise", "cosine labels")
    sees("▌", "esc Back")
    near, cosine = finds(r"^▌(\S+) +(\.\d{3}) ")
    one, two = vectors[gene], vectors[near]
    assert float(cosine) == pytest.approx(one @ two / np.linalg.norm(one) / np.linalg.norm(two), abs=6e-4)
    [(hardest, error)] = asked(
        home,
        "select gene, avg(abs(label - score)) as error from predictions join scores using (key)"
        " where model = 'wordllama-256' and task = 'bivalent-vs-lys4' group by gene"
        " order by error desc limit 1",
    )
    assert gene == hardest
    assert error > 0.5

    newcomer.task = "import own genes"
    press("1", "1Plan", "I Import")
    press("I", "I Import", "t    a task: genes and labels")
    press("t", "t    a task", "The path of a task", "enter takes it")
    newcomer.types(str(own_genes))
    press("enter", "enter takes it", "60 of 60 different names are known", "enter imports it")
    press("enter", "enter imports it", "mine is here", "enter closes")
    press("enter", "enter closes", "▌■ mine", "enter runs the 12")
    [task] = [task for task in Arena(home).catalog().tasks if task.name == "mine"]
    assert sorted(zip(task.classes, task.counts, strict=True)) == [("kept", 40), ("lost", 20)]

    newcomer.task = "pin a baseline"
    press("3", "3Board", "b Base")
    press("b", "b Base", "◆wordllama-256")
    finds(rf"^[ ▌]*noise .*\{signed(-better)}")

    newcomer.task = "export LaTeX and a figure"
    table, figure = tmp_path / "ranks.tex", tmp_path / "curve.svg"
    press("e", "e Export", ".tex (LaTeX)", "enter takes it")
    newcomer.types(str(table))
    press("enter", "enter takes it", "Wrote 13 rows to")
    assert table.name in sees("✓ Noted", table.name)
    [row] = [line for line in table.read_text().splitlines() if line.startswith("wordllama-256 & ")]
    assert f"{short(means['wordllama-256', 'lr'])} [" in row
    assert table.read_text().endswith("\\end{tabular}\n")
    press("enter", "enter Open", "▌wordllama-256 on", "Splits 3", "ROC")
    press("e", "e Export", "Plot: .svg .pdf .png", "enter takes it")
    newcomer.types(str(figure))
    press("enter", "enter takes it", "Wrote the plot to")
    assert figure.read_text().startswith("<?xml")

    newcomer.task = "query"
    press("6", "6SQL", "f5 runs the query")
    press("i", "i Edit", "esc Rows")
    newcomer.types("select model, count(*) as n from scores group by 1 order by 2, 1")
    press("f5", "f5 Run", "2 rows")
    press("esc", "esc Rows", "i Edit", "s Sort")
    finds(r"▌noise +24 *\n wordllama-256 +24")
    press("s", "s Sort", "model▾", "▌wordllama-256")
    sees("✓ 2 rows")
    finds(r"▌wordllama-256 +24 *\n noise +24")

    newcomer.task = "quit and come back"
    press("1", "1Plan", "enter runs the 12")
    press("enter", "enter runs the 12", "of 12 done")
    press("q", "q Quit")
    newcomer.terminal.until("A run is going on", PATIENCE)
    press("D", "D    detach")
    assert newcomer.terminal.leave() == 0
    assert b"`genearena` comes back to it" in newcomer.terminal.raw
    newcomer.sit_down()
    sees("✓ finished 12/12", "■ mine", "All of it is done.")
    press("3", "3 ranks it", "2 own, 0 printed", "set own")
    assert asked(home, "select count(*) from scores where task = 'mine'") == [(12,)]
    press("q", "q Quit")
    assert newcomer.terminal.leave() == 0

    assert len(newcomer.keys) == 12
    assert newcomer.keys.total() <= BUDGET, newcomer.keys
