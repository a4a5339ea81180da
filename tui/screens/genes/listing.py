"""The genes of one task by one contestant: which, in what order, narrowed to what, and where on the map."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import on
from textual.message import Message

from tui.questions.genelist import Contestant, GeneList, Listed
from tui.questions.maps import GeneMap
from tui.screens.copy_export import TakingScreen
from tui.screens.genes import list_text
from tui.screens.genes.map_view import MapView
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.rows import Row
from tui.widgets.said import Said
from tui.widgets.words import READING, say

NO_MAP = "A map shows one task's genes: left and right choose a task that has results."


class GeneListing(TakingScreen):
    """What is listed, as it is ordered and narrowed."""

    @dataclass
    class ListRead(Message):
        """A task's genes are there."""

        of: Contestant
        genes: GeneList | None
        rows: Mapping[str, Row]

    @dataclass
    class MapRead(Message):
        """Their map is there, or why not."""

        of: Contestant
        map: GeneMap | None
        trouble: str
        rows: Mapping[str, Row]

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self.contestants: Sequence[Contestant] = ()
        self.of: Contestant | None = None
        """What is listed; None: the genes of all tasks."""
        self._chosen = False
        """Whether that was chosen, by a key or as the first that there is."""
        self.genes: GeneList | None = None
        self.map: GeneMap | None = None
        self.no_map = NO_MAP
        self._order, self._turned = "error", False
        self.only: int | None = None
        """The class that alone is listed."""
        self.surely_wrong = False
        self._cancel = threading.Event()
        self.items: dict[str, Listed] = {}
        self._rows: Mapping[str, Row] = {}
        self.names: dict[tuple[str, int], str] = {}
        self.places: dict[tuple[str, int], int] = {}
        self.families: dict[str, set[str]] = {}

    # ------------------------------------------------------------------ what the whole screen does

    wanted = ""
    """A gene to go to once there is a list."""

    def read_list(self, of: Contestant, cancel: threading.Event) -> object:
        """Read a task's genes and their map in the background."""
        raise NotImplementedError

    def show_every(self) -> None:
        """List the genes of all tasks."""

    def moved(self) -> None:
        """Show the gene under the cursor, and all about it once the cursor rests."""

    def show_card(self) -> None:
        """Show the gene under the cursor on the map and in words."""

    # ------------------------------------------------------------------ what is listed

    @property
    def rivals(self) -> list[Contestant]:
        """All that have results on the task that is listed."""
        return [item for item in self.contestants if self.of and item.task == self.of.task]

    def take_contestants(self, found: Sequence[Contestant]) -> None:
        """Stay with what is listed, if it is still there; the first time list a task that has a map."""
        self.contestants = found
        if self.of is not None:
            here = name_of(self.of)
            again = next((item for item in found if name_of(item) == here), None)
            self.list_of(again)
        elif not self._chosen:
            self.list_of(next((item for item in found if item.vectors), next(iter(found), None)))

    def list_of(self, of: Contestant | None) -> None:
        """List these genes; None: those of all tasks."""
        self._cancel.set()
        self._cancel = threading.Event()
        other = of is None or self.of is None or name_of(of) != name_of(self.of)
        moved = of is None or self.of is None or of.task != self.of.task
        self.of = of
        self._chosen = self._chosen or of is not None
        if other:
            self.genes, self.map = None, None
            self.items, self.places = {}, {}
            self.no_map = NO_MAP if of is None else READING if of.vectors else list_text.needs(of)
            self.query_one(MapView).say(self.no_map)
            self._without_map(of is None or not of.vectors)
        if moved:
            self.only = None
        if of is not None:
            if moved:
                self.query_one("#genes", Grid).read_anew()
            self._say_where()
            self.read_list(of, self._cancel)

    def _without_map(self, so: bool) -> None:
        """Show the gene in full in place of a map that there is not, and say what one needs."""
        self.set_class(so, "-mapless")
        self.set_class(self.of is None, "-every")
        if so:
            self.remove_class("-mapped")
        self.query_one("#map-needs", Said).show((self.no_map if so and self.contestants else "", "soft"))

    def go_to_every(self) -> None:
        """List the genes of all tasks."""
        self._chosen = True
        self.list_of(None)
        self.show_every()
        self.moved()

    @on(ListRead)
    def _list_read(self, message: ListRead) -> None:
        if self.of is None or message.of != self.of or message.genes is None:
            return
        self.genes, self._rows = message.genes, message.rows
        genes = message.genes.genes
        self.items = {list_text.key_of(item.gene, item.label): item for item in genes}
        self.names = {(item.gene, item.label): list_text.gene_name(item.gene, item.text) for item in genes}
        self.families = list_text.families(genes)
        self.show_list()
        if self.wanted:
            self.receive(self.wanted)

    @on(MapRead)
    def _map_read(self, message: MapRead) -> None:
        if self.of is None or message.of != self.of:
            return
        self.map, self._rows = message.map, message.rows
        if message.map is None:
            self.no_map = message.trouble or "There is nothing to draw a map of yet."
            self.query_one(MapView).say(self.no_map)
            self._without_map(True)
        else:
            self.no_map = ""
            self._without_map(False)
            self.places = {(dot.gene, dot.label): place for place, dot in enumerate(message.map.dots)}
        self.show_list()
        self.show_card()  # keys on the map start from there
        self.refresh_bindings()

    def show_list(self) -> None:
        """Show the genes as they are ordered and narrowed now."""
        if self.genes is None or self.of is None:
            return
        agree = self._agree()
        shown = list_text.kept(self.genes.genes, self.only, self.surely_wrong)
        shown = list_text.ordered(shown, self._order, self._turned, agree or {})
        rows = [self._rows[list_text.key_of(item.gene, item.label)] for item in shown]
        grid = self.query_one("#genes", Grid)
        grid.empty = "No gene is left of the task; esc shows all again."
        columns = list_text.columns(self._order, self._turned, self._agrees)
        grid.show(rows, columns)
        pane = self.query_one("#genes-pane", Pane)
        pane.say(list_text.title(len(rows), len(self.genes.genes), self._order, self._turned))
        nearest = ("  ", ("●", "a"), ("○", "soft"), " 5 nearest of its class") * self._agrees
        mean = (
            ("─", "soft"),
            ("●", "text"),
            ("─", "soft"),
            " mean ± sd of its tests  ",
            ("┊", "faint"),
            " .5",
        )
        pane.legend(*mean, *(nearest if self.size.width >= 160 else ()))
        self._say_where()
        self.moved()

    def _agree(self) -> Mapping[tuple[str, int], int] | None:
        if self.map is None:
            return None
        return {(dot.gene, dot.label): dot.agree for dot in self.map.dots}

    @property
    def _agrees(self) -> bool:
        """Whether the rows say how many of the nearest are of their class."""
        row = next(iter(self._rows.values()), None)
        return row is not None and len(row.cells) == len(list_text.COLUMNS)

    def _say_where(self) -> None:
        """The context line: the task, whose tests, what it is narrowed to, and what the map is worth."""
        if self.of is None:
            return
        size = len(self.genes.genes) if self.genes else 0
        width, left = self.size.width - 2, say(*list_text.context(self.of, size))
        if self.genes is not None:
            only = say(*list_text.narrowed(self.genes.classes, self.only, self.surely_wrong))
            fits = left.cell_length + only.cell_length <= width
            left = (left if fits else say(*list_text.context(self.of, 0))) + only
        room = width - left.cell_length
        for brief in (False, True):
            right = say(*list_text.worth(self.map, brief)) if self.map else say("")
            if room - right.cell_length > 1:
                left += say(" " * (room - right.cell_length)) + right
                break
        self.query_one("#genes-head", Said).show(left)


def name_of(of: Contestant) -> tuple[str, str, str, str]:
    """What tells a contestant from the others, whatever of it has been scored by now."""
    return of.task, of.model, of.preset, of.text
