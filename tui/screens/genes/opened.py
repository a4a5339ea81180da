"""One gene in full: its texts and labels, what each contestant says of it, and its nearest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from textual import on, work
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from engine.catalog.controls import title_of
from tui.quantities import count
from tui.questions.genes import GeneDetail
from tui.questions.nearest import Cut, Neighbour
from tui.ranked.figures import bare, three
from tui.screens.copy_export import TakingScreen
from tui.screens.genes.gene_text import gene_text
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.said import Said

NOT_ASKED: Final = "enter on a gene finds its nearest by embedding."
SCORE_COLUMNS: Final = (
    Column("task", "task", least=10),
    Column("model", "model", least=12),
    Column("protocol", "protocol", least=8),
    Column("score", "P(true class)", right=True),
    Column("tests", "tests", right=True),
)
NEIGHBOUR_COLUMNS: Final = (
    Column("gene", "gene"),
    Column("similarity", "cosine", right=True),
    Column("labels", "labels", least=10),
)


class OneGene(TakingScreen):
    """The panes of one gene, and how they are read."""

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

    gene = ""
    """The gene under the cursor."""

    def compose_gene(self) -> Iterable[Widget]:
        """Text and labels, test scores, neighbours."""
        yield Pane("Text and labels", VerticalScroll(Said(id="gene-text")), id="text-pane")
        scores = Grid(SCORE_COLUMNS, id="gene-scores", empty="It was in no test set yet.")
        yield Pane("Test scores", scores, id="scores-pane")
        near = Grid(NEIGHBOUR_COLUMNS, id="near", empty=NOT_ASKED)
        yield Pane("Neighbours", near, id="near-pane")

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
    def read_neighbours(self, gene: str, by: str) -> None:
        """Find the nearest genes, by a model if it can say."""
        model, neighbours, trouble = self.arena.neighbours(gene, by)
        self.post_message(self.NeighboursRead(gene, model, neighbours, trouble))

    @on(GeneRead)
    def _gene_read(self, message: GeneRead) -> None:
        detail = message.detail
        if detail.gene != self.gene:
            return
        self.query_one("#gene-text", Said).show(gene_text(detail, message.cuts))
        self.query_one("#text-pane", Pane).say((detail.gene, "text"))
        rows = [
            Row(
                "\n".join((item.task, item.model, arm)),
                (
                    item.task,
                    title_of(item.model),
                    arm,
                    Cell(three(item.score), "bad" if item.score < 0.5 else ""),
                    str(item.tests),
                ),
                alias=item.model,
            )
            for item in detail.scores
            for arm in (str(item.arm),)
        ]
        self.query_one("#gene-scores", Grid).show(rows)
        self.query_one("#scores-pane", Pane).say(count(len(rows), "mean"))

    @on(NeighboursRead)
    def _neighbours_read(self, message: NeighboursRead) -> None:
        if message.gene != self.gene:
            return
        near = self.query_one("#near", Grid)
        near.empty = message.trouble or NOT_ASKED
        if message.trouble:
            near.show(())
            if self.has_class("-opened"):
                self.tell(message.trouble)
            return
        rows = [
            Row(item.gene, (item.gene, bare(f"{item.similarity:.3f}"), item.labels))
            for item in message.neighbours
        ]
        near.show(rows)
        self.query_one("#near-pane", Pane).say(f"of {message.gene} by {message.model}")
