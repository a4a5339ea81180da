"""The gene under the cursor among the others: on the map, and in the words beside it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from tui.quantities import count
from tui.screens.genes import list_text
from tui.screens.genes.beside import beside
from tui.screens.genes.gene_text import gene_card, gene_line
from tui.screens.genes.map_text import COLOURS, Colour, legend
from tui.screens.genes.map_view import MapView
from tui.screens.genes.task import TaskGenes
from tui.widgets.drawing import Drawing
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.said import Said


class PlacedGene(TaskGenes):
    """Where a gene stands, and what the colours of the map mean."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "v",
            "colour",
            "Colours",
            show=False,
            tooltip="Colour the map by class, by error or by family",
            id="genes.colour",
        ),
    ]

    def __init__(self) -> None:
        """By class at first."""
        super().__init__()
        self._colour: Colour = "class"

    def show_card(self) -> None:
        """Show the gene under the cursor on the map and in words."""
        self._show_kept()
        row = self.query_one("#genes", Grid).current
        item = self.items.get(row.key) if row is not None else None
        if item is None or self.genes is None:
            self.query_one("#gene-line", Said).show("")
            return
        classes = self.genes.classes
        place = self.places.get((item.gene, item.label))
        line, card = self.query_one("#gene-line", Said), self.query_one("#gene-card", Said)
        line.show(gene_line(item, classes, max(self.size.width - 2, 20), 3))
        room = self.query_one("#gene-pane > VerticalScroll").size
        if room.width:
            card.show(gene_card(item, classes, self.map, place, self.names, room.width, room.height))
        if self.map is None:
            return
        grid = self.query_one("#genes", Grid)
        narrow = self.only is not None or self.surely_wrong or grid.filter
        kept = None
        if narrow:
            kept = {(its.gene, its.label) for its in (self.items[row.key] for row in grid.shown)}
        family = self.families.get(item.family, {item.gene})
        self.query_one(MapView).show(self.map, place, self._colour, family, kept)
        pane = self.query_one("#map-pane", Pane)
        said = {"family": f", family {item.family or 'not known'}", "error": ", by error"}
        how = "PCA of the vectors" if self.size.width >= 110 else "PCA"
        pane.say(f"{how}, one dot a gene{said.get(self._colour, '')}")
        pane.legend(*legend(self.map, self._colour, self.shell.charset))

    def _show_kept(self) -> None:
        """Below a list that was narrowed to few genes, show these beside the others."""
        grid, pane = self.query_one("#genes", Grid), self.query_one("#genes-pane", Pane)
        shown = [self.items[row.key] for row in grid.shown if row.key in self.items]
        natural = len(shown) + grid.heads + (2 if self.size.width >= 110 else 1)
        few = (
            0 < len(shown) < len(self.items) and 3 * natural < 2 * self.query_one("#genes-left").size.height
        )
        pane.styles.height = natural if few else "1fr"
        if self.items:
            pane.say(list_text.title(len(shown), len(self.items), self._order, self._turned))
        self.query_one("#kept-pane").display = few
        if few and self.genes is not None:
            here, classes = {(one.gene, one.label) for one in shown}, self.genes.classes
            others = [one for one in self.items.values() if (one.gene, one.label) not in here]
            agree = {(dot.gene, dot.label): dot.agree for dot in self.map.dots} if self.map else None
            self.query_one("#kept-pane", Pane).say(f"{count(len(shown), 'gene')} beside {len(others)}")
            self.query_one("#kept", Drawing).show(
                lambda width, height: beside(shown, others, classes, agree, width, height)
            )

    @on(MapView.Went)
    def _went(self, message: MapView.Went) -> None:
        if self.map is None:
            return
        dot = self.map.dots[message.place]
        key = list_text.key_of(dot.gene, dot.label)
        grid = self.query_one("#genes", Grid)
        if all(row.key != key for row in grid.shown):
            grid.filter = ""
            self.widen()
        grid.go_to(key)

    def action_colour(self) -> None:
        """Colour the map by the next."""
        if self.map is None:
            self.tell(self.no_map)
            return
        self._colour = COLOURS[(COLOURS.index(self._colour) + 1) % len(COLOURS)]
        self.show_card()
