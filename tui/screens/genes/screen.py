"""Genes: any gene's texts, labels, test scores and neighbours; which genes every model gets wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.quantities import auc, count
from tui.questions.arena import Pulse
from tui.questions.genes import GeneDetail, GeneRow
from tui.questions.nearest import Cut, Neighbour
from tui.screens.base import SETTLE
from tui.screens.copy_export import TakingScreen
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.said import Said
from tui.widgets.words import say

EMPTY = "No task can be used here, so there is no gene. 1 and then I imports one."

GENE_COLUMNS = (
    Column("gene", "gene", least=8),
    Column("tasks", "tasks", right=True),
    Column("tests", "tests", right=True),
    Column("error", "error", right=True),
)

SCORE_COLUMNS = (
    Column("task", "task", least=10),
    Column("model", "model", least=12),
    Column("protocol", "protocol", least=8),
    Column("score", "P(true class)", right=True),
    Column("tests", "tests", right=True),
)

NEIGHBOUR_COLUMNS = (
    Column("gene", "gene"),
    Column("similarity", "cosine", right=True),
    Column("labels", "labels", least=10),
)


class GenesScreen(TakingScreen):
    """A list of genes, the hardest first, beside all about the one under the cursor."""

    MODE = "genes"
    ABOUT = (
        "Every gene of every task, the worst told apart first: error is the mean distance of the true "
        "class's probability from 1, over all ranked cells; - before a run. / finds a gene by name."
    )
    FOOTER = ("filter", "genes.open", "pane.next", "yank", "export")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "open", "Neighbours", tooltip="The genes whose embeddings are nearest", id="genes.open"
        ),
    ]

    @dataclass
    class GenesRead(Message):
        """The list is there."""

        genes: Sequence[GeneRow]

    @dataclass
    class GeneRead(Message):
        """One gene is there, with the place where each model stops reading its text."""

        detail: GeneDetail
        cuts: Sequence[Cut]

    @dataclass
    class NeighboursRead(Message):
        """The nearest genes are there, or why not."""

        gene: str
        model: str
        neighbours: Sequence[Neighbour]
        trouble: str

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._gene = ""
        self._wanted = ""
        self._tested = False
        """Whether the list had a gene that was tested."""
        self._seen = -1
        self._unread = False
        """Whether what was read last could not be."""
        self._settling: Timer | None = None

    def compose_body(self) -> Iterable[Widget]:
        """The list, the scores, the text, the neighbours."""
        with Horizontal(classes="panes ruled"):
            with Vertical(classes="column -open"):
                yield Pane(
                    "Genes", Grid(GENE_COLUMNS, id="genes", empty=EMPTY), id="genes-pane", first=True
                )
            with Vertical(classes="column"):
                yield Pane("Text and labels", VerticalScroll(Said(id="gene-text")), id="text-pane")
                scores = Grid(SCORE_COLUMNS, id="gene-scores", empty="It was in no test set yet.")
                yield Pane("Test scores", scores, id="scores-pane")
                near = Grid(
                    NEIGHBOUR_COLUMNS, id="near", empty="enter on a gene finds its nearest by embedding."
                )
                yield Pane("Neighbours", near, id="near-pane")

    def begin(self) -> None:
        """Open the list."""
        self.query_one("#genes-pane", Pane).open()

    # ------------------------------------------------------------------ reading

    def look_again(self) -> None:
        """Read again: tasks may have come in, which no run and no row tells."""
        self._seen = -1

    def follow(self, pulse: Pulse) -> None:
        """Read again when the database has moved, but not for every split of a live run."""
        live = pulse.status is not None and pulse.status.live
        if pulse.store != self._seen and (self._unread or not (live and self._seen >= 0)):
            self._seen = pulse.store
            self._unread = False
            self.read_genes()

    def unread(self, group: str) -> None:
        """Read again as soon as the database moves."""
        self._unread = self._unread or group in ("genes", "gene")

    @work(thread=True, exclusive=True, group="genes", exit_on_error=False)
    def read_genes(self) -> None:
        """Read the list."""
        self.post_message(self.GenesRead(self.arena.genes()))

    @work(thread=True, exclusive=True, group="gene", exit_on_error=False)
    def read_gene(self, gene: str) -> None:
        """Read one gene; given up between models once the cursor is on another."""
        worker = get_current_worker()
        detail = self.arena.gene_detail(gene)
        cuts = []
        for cut in self.arena.cuts(detail.texts[0]) if detail.texts else ():
            if worker.is_cancelled:
                return
            cuts.append(cut)
        self.post_message(self.GeneRead(detail, cuts))

    @work(thread=True, exclusive=True, group="near", exit_on_error=False)
    def read_neighbours(self, gene: str) -> None:
        """Find the nearest genes."""
        model, neighbours, trouble = self.arena.neighbours(gene)
        self.post_message(self.NeighboursRead(gene, model, neighbours, trouble))

    @on(GenesRead)
    def _genes_read(self, message: GenesRead) -> None:
        rows = [
            Row(item.gene, (item.gene, str(item.tasks), str(item.tests), auc(item.error)))
            for item in message.genes
        ]
        grid = self.query_one("#genes", Grid)
        grid.show(rows)
        if not self._tested and any(item.tests for item in message.genes):
            # Before its first test the first gene was first by name only.
            self._tested = True
            grid.cursor = 0
        legend = ("  the hardest first; error 0: right, 1: wrong", "dim")
        self.query_one("#genes-pane", Pane).say(count(len(rows)), legend)
        if self._wanted:
            self.receive(self._wanted)
        if not rows:
            self.query_one("#gene-scores", Grid).show(())
            self.query_one("#near", Grid).show(())
        self._show_gene()

    @on(Grid.Moved, "#genes")
    def _show_gene(self) -> None:
        row = self.query_one("#genes", Grid).current
        if row is None:
            return
        if row.key != self._gene:
            self._gene = row.key
            self.query_one("#near", Grid).show(())
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE, self._read_now)

    def _read_now(self) -> None:
        self.read_gene(self._gene)

    @on(GeneRead)
    def _gene_read(self, message: GeneRead) -> None:
        detail = message.detail
        if detail.gene != self._gene:
            return
        self.query_one("#gene-text", Said).show(gene_text(detail, message.cuts))
        self.query_one("#text-pane", Pane).say((detail.gene, "accent"))
        rows = [
            Row(
                "\n".join((item.task, item.model, arm)),
                (
                    item.task,
                    item.model,
                    arm,
                    Cell(auc(item.score), "bad" if item.score < 0.5 else ""),
                    str(item.tests),
                ),
            )
            for item in detail.scores
            for arm in (str(item.arm),)
        ]
        self.query_one("#gene-scores", Grid).show(rows)
        self.query_one("#scores-pane", Pane).say(count(len(rows), "mean"))

    @on(NeighboursRead)
    def _neighbours_read(self, message: NeighboursRead) -> None:
        if message.gene != self._gene:
            return
        if message.trouble:
            self.tell(message.trouble)
            return
        rows = [
            Row(item.gene, (item.gene, f"{item.similarity:.3f}", item.labels))
            for item in message.neighbours
        ]
        self.query_one("#near", Grid).show(rows)
        pane = self.query_one("#near-pane", Pane)
        pane.say(f"of {message.gene} by {message.model}")
        pane.open()

    # ------------------------------------------------------------------ actions

    def receive(self, argument: str) -> None:
        """Go to a gene by name."""
        grid = self.query_one("#genes", Grid)
        self._wanted = "" if grid.rows else argument
        grid.filter = ""
        wanted = argument.casefold()
        found = next((row.key for row in grid.rows if row.key.casefold() == wanted), None)
        if found is not None:
            grid.go_to(found)
        elif grid.rows:
            self.tell(f"{argument} is in none of the tasks; / finds genes by part of their name.")

    def why_not(self, action: str) -> str:
        """Neighbours need a gene."""
        if action == "genes.open" and not self._gene:
            return "There is no gene under the cursor yet."
        return super().why_not(action)

    def action_open(self) -> None:
        """Find the nearest genes of the one under the cursor."""
        if not self.refused("genes.open"):
            self.read_neighbours(self._gene)


def gene_text(detail: GeneDetail, cuts: Sequence[Cut]) -> Content:
    """Labels, conflicts, texts, and where each model stops reading."""
    parts: list[object] = []
    classes: dict[str, set[str]] = {}
    for task, label in detail.labels:
        classes.setdefault(task, set()).add(label)
    for task, labels in classes.items():
        tone = "warn" if len(labels) > 1 else ""
        parts.append(
            (f"{task}: {' and '.join(sorted(labels))}{'  (in both classes)' if tone else ''}\n", tone)
        )
    for text in detail.texts:
        parts += ["\n", *_as_read(text, cuts), "\n"]
    for cut in cuts:
        tokens = count(cut.tokens, "token")
        if cut.at is None:
            parts.append((f"\n{cut.model}: all of it, {tokens}", "dim"))
        else:
            parts.append((f"\n{cut.model}: {tokens}, reads {cut.limit}, up to {cut.seen[-20:]!r}", "warn"))
    return say(*parts)


def _as_read(text: str, cuts: Sequence[Cut]) -> list[object]:
    """The text, with a mark where the first model stops reading."""
    ends = [cut.at for cut in cuts if cut.at is not None and text.startswith(cut.seen)]
    if not ends:
        return [text]
    return [text[: min(ends)], (" >| ", "warn"), (text[min(ends) :], "dim")]


SCREEN = GenesScreen
