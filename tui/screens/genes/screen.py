"""Genes: a task's genes, the hardest first, beside a map of them by a model's vectors; each in full."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from engine.cancel import Stopped
from store.errors import GeneArenaError
from tui.quantities import count
from tui.questions.arena import Pulse
from tui.questions.genelist import Contestant
from tui.questions.genes import GeneRow
from tui.questions.maps import Mapped
from tui.screens.base import SETTLE
from tui.screens.genes.list_text import EVERY_COLUMNS, every_row, list_rows
from tui.screens.genes.map_view import MapView
from tui.screens.genes.opened import OneGene
from tui.screens.genes.placed import PlacedGene
from tui.terminal.timing import once
from tui.widgets.drawing import Drawing
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.said import Said

FULL = 52
"""Lines from which on the nearest have room beside the rest, see the stylesheet."""
EMPTY = "No task can be used here, so there is no gene. 1 and then I imports one."


class GeneGrid(Grid):
    """The list of genes; left and right are for the task, and `s` goes through the orders."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Columns are never scrolled to."""
        return False if action == "column" else super().check_action(action, parameters)

    def action_sort(self) -> None:
        """Ask for the next order."""
        self.post_message(self.SortAsked(self, -1))


class GenesScreen(PlacedGene, OneGene):
    """A list of genes, the hardest first, beside all about the one under the cursor."""

    MODE = "genes"
    ABOUT = (
        "The genes of a task, the worst told apart first, as one contestant tells them: error is the mean "
        "distance of the true class's probability from 1, ± its sd over tests, agree how many of a gene's "
        "five nearest are of its class. The map is a flat view of the model's vectors. left and right "
        "change the task, ] the contestant; after the last task come the genes of all, by all contestants."
    )
    FOOTER = ("filter", "genes.open", "genes.map", "genes.task", "genes.contestant", "export")

    INSIDE = ("back", "pane.next", "genes.map", "genes.colour", "yank", "export")
    """The bottom line over one gene or the map alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="The gene in full, with its neighbours", id="genes.open"),
        Binding("m", "map", "Map", tooltip="The map alone, or the list again", id="genes.map"),
    ]

    @dataclass
    class GenesRead(Message):
        """The genes of all tasks are there, and who told them apart."""

        genes: Sequence[GeneRow]
        contestants: Sequence[Contestant]

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._tested = False
        """Whether the list had a gene that was tested."""
        self._seen = -1
        self._unread = False
        """Whether what was read last could not be."""
        self._settling: Timer | None = None
        self._every: Sequence[GeneRow] = ()

    def compose_body(self) -> Iterable[Widget]:
        """What is looked at; the list beside the map and the gene, or beside the gene in full."""
        yield Said(id="genes-head")
        with Horizontal(id="genes-both"):
            grid = GeneGrid(EVERY_COLUMNS, sortable=True, id="genes", empty=EMPTY)
            with Vertical(id="genes-left"):
                yield Pane("Genes", grid, id="genes-pane", first=True)
                drawing = Drawing("", id="kept")
                drawing.can_focus = False
                yield Pane("Kept", drawing, id="kept-pane")
            with Vertical(id="genes-side"):
                yield Pane("Map", MapView(id="map"), id="map-pane")
                yield Pane("Gene", VerticalScroll(Said(id="gene-card")), id="gene-pane")
            with Vertical(id="genes-full"):
                yield Said(id="map-needs")
                yield from self.compose_gene()
        yield Said(id="gene-line")

    def begin(self) -> None:
        """Open the list."""
        self.query_one("#genes-pane", Pane).open()

    def footer(self) -> tuple[str, ...]:
        """Over a gene or the map alone first the way back."""
        return self.INSIDE if self.has_class("-opened") or self.has_class("-mapped") else self.FOOTER

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
        self._unread = self._unread or group in ("genes", "gene", "list")

    def _give_up(self) -> None:
        super()._give_up()
        self.query_one(MapView).give_up()

    @work(thread=True, exclusive=True, group="genes", exit_on_error=False)
    def read_genes(self) -> None:
        """Read the genes of all tasks, and who told them apart."""
        self.post_message(self.GenesRead(self.arena.genes(), self.arena.contestants()))

    @work(thread=True, exclusive=True, group="list", exit_on_error=False)
    def read_list(self, of: Contestant, cancel: threading.Event) -> None:
        """Read a task's genes and their map; given up once another is wanted."""
        found = self.arena.gene_list(of)
        if cancel.is_set():
            return
        rows = list_rows(found, None) if found else {}
        self.post_message(self.ListRead(of, found, rows))
        if not of.vectors or found is None:
            return
        trouble, drawn = "", None
        try:
            place = Mapped(of.model, of.task, of.preset, of.text)
            drawn = self.arena.gene_map(place, cancel=cancel)
        except Stopped:
            return
        except GeneArenaError as error:
            trouble = str(error)
        rows = list_rows(found, drawn) if drawn else rows
        if not cancel.is_set():
            self.post_message(self.MapRead(of, drawn, trouble, rows))

    @on(GenesRead)
    def _genes_read(self, message: GenesRead) -> None:
        self._every = message.genes
        grid = self.query_one("#genes", Grid)
        self.take_contestants(message.contestants)
        if self.of is None:
            self.show_every()
            if not self._tested and any(item.tests for item in message.genes):
                # Before its first test the first gene was first by name only.
                self._tested = True
                grid.cursor = 0
            if not grid.rows:
                self.query_one("#gene-scores", Grid).show(())
                self.query_one("#near", Grid).show(())
            self.moved()
        if self.wanted and self.of is None:
            self.receive(self.wanted)

    def show_every(self) -> None:
        """List the genes of all tasks."""
        rows = [every_row(item) for item in self._every]
        self.query_one("#genes", Grid).show(rows, EVERY_COLUMNS)
        pane = self.query_one("#genes-pane", Pane)
        pane.say(f"{count(len(rows))}, hardest first")
        pane.legend("error 0: right, 1: wrong")
        self.query_one("#genes-head", Said).show(
            ("Every task", "accent"), (f"  {count(len(rows), 'gene')}, by all contestants", "soft")
        )

    # ------------------------------------------------------------------ the gene under the cursor

    @on(Grid.Moved, "#genes")
    def moved(self) -> None:
        """Show the gene under the cursor with the next frame, and all about it once the cursor rests."""
        row = self.query_one("#genes", Grid).current
        if row is None:
            return
        gene = row.key.partition("\n")[0]
        if gene != self.gene:
            self.gene = gene
            self.query_one("#near", Grid).show(())
        self.at_leisure(self.show_card)
        if self._settling is not None:
            self._settling.stop()
        self._settling = once(self, SETTLE, self._read_now)

    def _read_now(self) -> None:
        self.read_gene(self.gene)
        if self.has_class("-opened") or (self.has_class("-mapless") and self.size.height >= FULL):
            self.read_neighbours(self.gene, self.of.model if self.of else "")

    def on_resize(self, _event: Resize) -> None:
        """Lay the lines about a gene out anew."""
        self.call_after_refresh(self.show_card)

    # ------------------------------------------------------------------ actions

    def receive(self, argument: str) -> None:
        """Go to a gene by name: in the task that is listed, or else among all."""
        grid = self.query_one("#genes", Grid)
        if not grid.rows:
            self.wanted = argument
            return
        self.wanted = ""
        grid.filter = ""
        looked_for = argument.casefold()
        for every in (False, True):
            if every and self.of is not None and self._every:
                self.go_to_every()
            found = next(
                (row.key for row in grid.rows if row.key.partition("\n")[0].casefold() == looked_for), None
            )
            if found is not None:
                grid.go_to(found)
                return
        self.tell(f"{argument} is in none of the tasks; / finds genes by part of their name.")

    def why_not(self, action: str) -> str:
        """Neighbours need a gene, and a map vectors."""
        if action == "genes.open" and not self.gene:
            return "There is no gene under the cursor yet."
        if action == "genes.map" and self.map is None:
            return self.no_map
        if action == "genes.task" and not self.contestants:
            return "No task has results yet; these are the genes of all."
        if action == "genes.contestant" and len(self.rivals) < 2:
            return "There is no other contestant with results on this task."
        return super().why_not(action)

    def action_open(self) -> None:
        """Show the gene under the cursor in full, with its nearest."""
        if self.refused("genes.open"):
            return
        self.set_class(False, "-mapped")
        self.set_class(True, "-opened")
        self.query_one("#near-pane", Pane).open()
        self.read_neighbours(self.gene, self.of.model if self.of else "")

    def action_map(self) -> None:
        """Give the map the screen, or go back to the list."""
        if self.has_class("-mapped"):
            self.action_back()
        elif not self.refused("genes.map"):
            self.set_class(False, "-opened")
            self.set_class(True, "-mapped")
            self.query_one("#map-pane", Pane).open()

    def action_back(self) -> None:
        """Back from a gene or the map to the list; else drop what narrows it."""
        pane = self.query_one("#genes-pane", Pane)
        if self.maximized is not None:
            self.minimize()
        elif self.has_class("-opened") or self.has_class("-mapped"):
            self.remove_class("-opened", "-mapped")
            pane.open()
        elif not pane.has_focus_within:
            pane.open()
        elif self.query_one("#genes", Grid).filter:
            self.query_one("#genes", Grid).filter = ""
        else:
            self.widen()


SCREEN = GenesScreen
