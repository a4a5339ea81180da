"""The panes of the Plan screen, which of them are shown at which size, and how tall each is.

Lists to choose from are there at every size; below them, or beside them on a large terminal, stands what
the choice means. What is only looked at never takes the focus.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widget import Widget

from tui.quantities import count
from tui.screens.plan import text as plan_text
from tui.screens.plan.text import CHOICES, COLUMNS
from tui.screens.plan.typed import ChoosingScreen
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.said import Said
from tui.widgets.words import TONE_STYLES, UNICODE, say

if TYPE_CHECKING:
    from engine.data.tasks.sets import Sets
    from tui.screens.plan.cost import Tally
    from tui.screens.plan.facts import Printed, TaskFacts
    from tui.screens.plan.pictures import Drawer

SUM: Final = 4
"""Lines of the sum."""
BELOW: Final = 9
"""Lines of what stands below the lists."""
ALL: Final = ("a", "accent"), " all  ", ("A", "accent"), " none"
KINDS: Final = {"models": "Model card", "tasks": "Task", "protocols": "Protocol", "settings": "Setting"}
"""List -> what the pane of its row under the cursor is called."""


class Headless(Grid):
    """A list whose columns need no names."""

    @property
    def heads(self) -> int:
        """Lines of the head: none."""
        return 0


class PlanPanes(ChoosingScreen):
    """A screen with lists, pictures and a sum."""

    def __init__(self) -> None:
        """Make the screen; its lists fill once the catalog is read."""
        super().__init__()
        self._counted: Tally | None = None
        """What the choice comes to; None while it is being counted."""
        self._sets: Sets = {}
        self._facts: Mapping[str, TaskFacts] = {}
        """What was read of tasks, as the choice would use them."""
        self._printed: Printed | None = None
        self._live = False
        """Whether a run goes on, as far as this screen has shown."""
        self._order: dict[str, tuple[int, bool]] = {}
        """List -> the column it is sorted by, and whether from the greatest down."""

    # ------------------------------------------------------------------ composing

    def compose_body(self) -> Iterable[Widget]:
        """The first list, with what is known of it by now, and the sum."""
        pane = self._list("models")
        if ahead := self.arena.models_ahead():
            assert isinstance(pane.inside, Grid)
            pane.inside.show(plan_text.model_rows(ahead.cards, ahead.chosen))
            pane.inside.mark(ahead.chosen)
            pane.say(f"{len(ahead.chosen)} of {len(ahead.cards)}")
        with Horizontal(id="choices"):
            yield Vertical(pane, id="plan-left", classes="plan-column")
        yield Pane("Sum", Said(id="sum"), id="sum-pane")

    async def mount_rest(self) -> None:
        """The other lists and the pictures, which would delay the first frame."""
        from tui.screens.plan.outlook import HAPPENS
        from tui.screens.plan.pictures import CHOSEN

        await self.query_one("#plan-left").mount(
            self._picture("What will happen", "happen", "-full-wide", HAPPENS),
            self._picture("Size and score", "size", "-full-wide", CHOSEN),
        )
        beside = Pane("Model card", Said(id="glance"), id="card")
        middle = (
            *(self._list(name) for name in CHOICES[1:]),
            self._picture("Cost", "cost", "-full-wide"),
            self._picture("What a model reads", "reads", "-full-wide"),
        )
        right = (
            beside,
            self._picture("In the paper", "paper", "-full-wide", CHOSEN),
            self._picture("Genes shared by tasks", "shared"),
        )
        below = (
            self._picture("Cost", "cost-below"),
            self._picture("What will happen", "happen-below", legend=HAPPENS),
        )
        await self.query_one("#choices").mount(
            Vertical(*middle, id="plan-middle", classes="plan-column"),
            Vertical(*right, id="plan-right", classes="plan-column"),
        )
        await self.mount(Horizontal(*below, id="plan-below"), after="#choices")
        if self._whole:  # and not taken down meanwhile
            self.fit()

    def _list(self, name: str) -> Pane:
        kind = Grid if name == "models" else Headless
        lists = name != "settings"
        grid = kind(COLUMNS[name], markable=lists, sortable=lists, id=name)
        return Pane(name.capitalize(), grid, id=f"{name}-pane", first=name == "models")

    def _picture(self, title: str, id: str, classes: str = "", legend: tuple[object, ...] = ()) -> Pane:
        from tui.widgets.drawing import Drawing

        drawing = Drawing("", id=f"{id}-drawing")
        drawing.can_focus = False
        pane = Pane(title, drawing, id=id, legend=legend)
        if classes:
            pane.add_class(classes)
        return pane

    # ------------------------------------------------------------------ sizes

    def on_resize(self, _event: Resize) -> None:
        """Share the room out anew."""
        if self._completed:
            self.fit()
            self.show_sum()

    def fit(self) -> None:
        """Give each pane its natural rows; one of each column takes the rest."""
        narrow, large = self.has_class("-narrow"), self.has_class("-wide") and self.has_class("-full")
        frame = 1 if narrow else 2
        rows = {name: len(self.query_one(f"#{name}", Grid).rows) for name in CHOICES}
        there = {name: self.query_one(f"#{name}-pane", Pane).has_focus_within for name in CHOICES}
        tasks = min(
            max(rows["tasks"], 3) + frame, (11 if there["tasks"] else 6) if narrow else 12 if large else 9
        )
        protocols = None if narrow else rows["protocols"] + frame
        small = (10 if there["settings"] else 5) if narrow else None
        chosen = len(self.selection.models) + 1 if self.selection else 2
        ways = len(self.selection.protocols) if self.selection else 4
        self._height("models-pane", rows["models"] + 1 + frame if large else None)
        self._height("tasks-pane", tasks)
        self._height("protocols-pane", protocols or None)
        self._height("settings-pane", rows["settings"] + frame if large else small)
        if large:
            self._height("happen", min(chosen + 1, 7) + 1 + frame)
            self._height("cost", ways + 3 + frame)
            printed = len(self._printed.means) if self._printed else 11
            self._height("paper", 2 * printed + 1 + frame)
        shared = len(self.selection.tasks) if self.selection else 4
        self._height("shared", min(max(shared, 2), 8) + 1 + frame)

    def _height(self, id: str, lines: int | None) -> None:
        """So many lines; None: the rest."""
        self.query_one(f"#{id}").styles.height = "1fr" if lines is None else lines

    # ------------------------------------------------------------------ showing

    def fill(self) -> None:
        """Show the rows of the lists, in the order asked for."""
        if self.selection is None:
            return
        found = plan_text.rows(self.catalog, self.selection, self._facts, self.shell.charset)
        for name, rows in found.items():
            columns = COLUMNS[name]
            if name in self._order:
                from tui.widgets.sorting import ordered

                rows, columns = ordered(rows, columns, *self._order[name])  # type: ignore[assignment]
            self.query_one(f"#{name}", Grid).show(rows, columns)
        self.fit()

    def mark(self) -> None:
        """Mark what is chosen."""
        if self.selection is not None:
            for name in CHOICES[:-1]:
                self.query_one(f"#{name}", Grid).mark(getattr(self.selection, name))
            self.show_titles()

    def show_titles(self) -> None:
        """Say how many are chosen, and which keys choose, beside the titles."""
        for name in CHOICES:
            grid, pane = self.query_one(f"#{name}", Grid), self.query_one(f"#{name}-pane", Pane)
            if self.selection is not None:
                chosen = [row.key for row in grid.rows if row.key in grid.marked]
                pane.say(plan_text.title(name, chosen, len(grid.rows), self._sets, self.selection))
            pane.legend(*self._legend(name, pane.has_focus_within))

    def _legend(self, name: str, focused: bool) -> tuple[object, ...]:
        if not focused:
            charset = self.shell.charset
            signs = "■■" if charset.bars == UNICODE.bars else charset.bars
            classes = (signs[0], "a"), " class 0  ", (signs[1], "b"), " class 1"
            return classes if name == "tasks" and not self.has_class("-narrow") else ()
        if name == "settings":
            return ("space", "accent"), " next value"
        if name == "tasks":
            return (("L", "accent"), " leaks", *(() if self.has_class("-narrow") else ("  ", *ALL)))
        return ALL

    def show_sum(self) -> None:
        """Say what the choice comes to."""
        text = say(("Reading the catalog.", "dim"))
        said = self.query_one("#sum", Said)
        if self.selection is not None:
            from tui.screens.plan.sum import summary

            width = max(self.size.width - (2 if self.has_class("-narrow") else 4), 20)
            lines = summary(self.selection, self._counted, self.arena.readonly, self._live, width, SUM)
            text = Content("\n").join(
                Content.assemble(*((part, TONE_STYLES.get(tone, tone)) for part, tone in line))  # type: ignore[call-overload]
                for line in lines
            )
        said.show(text)
        self.refresh_bindings()
        self.show_pictures()

    def show_pictures(self) -> None:
        """Draw what the choice means, where there is a place for it."""
        if not self._completed or self.selection is None:
            return
        from tui.screens.plan import outlook, settings

        tally, chosen = self._counted, self.selection
        if tally is not None:
            for id, draw in (("happen", outlook.happening), ("cost", outlook.costs)):
                for place in (id, f"{id}-below"):
                    self._draw(place, partial(draw, tally))
            tasks, seeds = len(chosen.tasks), settings.dashed(chosen.seeds)
            for place in ("happen", "happen-below"):
                self.query_one(f"#{place}", Pane).say(f"{count(tasks, 'task')}, seeds {seeds}")
            for place in ("cost", "cost-below"):
                self.query_one(f"#{place}", Pane).say("as measured here")
        self._show_models()
        self._show_genes()

    def _show_models(self) -> None:
        from tui.screens.plan import pictures

        printed, chosen = self._printed, self.selection
        if printed is None or chosen is None:
            return
        models = [card.model for card in self.catalog.models if card.model.paper_name]
        names = {model.paper_name for model in models if model.name in chosen.models}
        sizes = {model.paper_name: model.parameters for model in models if model.parameters}
        charset = self.shell.charset
        self.query_one("#paper", Pane).say(f"mean AUC, {printed.protocol}")
        self._draw("paper", lambda w, h: pictures.in_the_paper(printed, names, w, h))
        self._draw("size", lambda w, h: pictures.sizes_and_scores(printed, sizes, names, charset, w, h))

    def _show_genes(self) -> None:
        from tui.screens.plan import pictures

        chosen = self.selection
        if chosen is None:
            return
        facts = {name: self._facts[name] for name in chosen.tasks if name in self._facts}
        genes = {name: one.genes for name, one in facts.items()}
        self._draw("shared", lambda w, h: pictures.genes_shared(genes, w, h))
        one = facts.get(self.under("tasks")) or next(iter(facts.values()), None)
        if one is not None:
            recipe = chosen.descriptions or chosen.text
            others = [name for name in self.catalog.texts if name != recipe]
            prefix = self._prefix()
            self._draw("reads", lambda w, h: pictures.reading(one, recipe, prefix, others, w, h))

    def _prefix(self) -> str:
        """What stands before each text for the model under the cursor."""
        chosen = self.selection
        if chosen is None or not self.catalog.presets:
            return ""
        preset = self.catalog.presets[chosen.preset]
        if chosen.axes.get("prefix", preset.prefix) != "card":
            return ""
        name = self.under("models")
        return next((card.model.prefix for card in self.catalog.models if card.model.name == name), "")

    def under(self, name: str) -> str:
        """The row under the cursor of a list."""
        row = self.query_one(f"#{name}", Grid).current
        return row.key if row else ""

    def _draw(self, id: str, drawer: Drawer) -> None:
        from tui.widgets.drawing import Drawing

        # A pane that is not shown has no room to draw in.
        shown = self.query_one(f"#{id}-drawing", Drawing)
        shown.show(lambda width, height: drawer(width, height) if width >= 20 and height > 0 else [])
