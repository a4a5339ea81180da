"""A titled box with one thing in it: below 110 columns under a rule, from there in a round frame.

    Pane("Splits", Grid(...), id="splits-pane", first=True, legend=("AUC by seed", "soft"))
    pane.say("9 splits, mean ", (".900", "strong"))     # what stands after the title: count, unit, scale
    pane.legend(("●", "a"), " own")                     # at the right of the rule, or of the bottom edge

The focused pane has an accent rule or frame and title; nothing else on a screen may. On a narrow terminal
only the open pane of a column shows its inside, unless the column has the class `-all`.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click, Resize
from textual.widget import Widget

from tui.widgets.said import looks_same
from tui.widgets.words import TONE_STYLES, Tone, say


class PaneTitle(Widget):
    """The rule over a pane's inside; a click opens the pane."""

    def on_click(self, event: Click) -> None:
        """Give the pane's inside the focus."""
        event.stop()
        if isinstance(self.parent, Pane):
            self.parent.open()

    def render(self) -> Content:
        """`▌ Title info ──── legend ─`, as wide as the pane."""
        pane = self.parent
        assert isinstance(pane, Pane)
        return ruled(pane.title, pane.legend_shown, self.size.width, pane.has_focus_within)


def ruled(title: Content, legend: Content, width: int, focused: bool = False) -> Content:
    """A rule with a title at the left and a legend at the right, where there is room for it."""
    line = TONE_STYLES["accent" if focused else "line"]
    start = Content.assemble(("▌" if focused else "─", line), " ", title, " ")
    if start.cell_length > width:
        return start.truncate(width, ellipsis=True)
    end = Content.assemble(" ", legend, " ", ("─", line)) if legend.plain else Content()
    rest = width - start.cell_length - end.cell_length
    if rest < 1:
        end, rest = Content(), width - start.cell_length
    return Content.assemble(start, ("─" * rest, line), end)


class Pane(Vertical):
    """A title over a widget that takes the focus."""

    ALLOW_MAXIMIZE = True

    def __init__(
        self, title: str, inside: Widget, id: str, first: bool = False, legend: tuple[object, ...] = ()
    ) -> None:
        """Make a pane.

        Args:
            title: What stands first on its title line, in sentence case.
            inside: What it holds.
            id: The widget's id.
            first: Whether it is open from the start.
            legend: What the signs in it mean, as parts that `words.say` takes.
        """
        super().__init__(id=id, classes="-open" if first else "")
        self.name_shown = title
        self.inside = inside
        self._info = Content()
        self.legend_shown = say(*legend)
        """What stands at the right of the rule, or of the bottom edge."""
        inside.add_class("inside")

    def compose(self) -> ComposeResult:
        """The title and the inside."""
        yield PaneTitle()
        yield self.inside

    def on_mount(self) -> None:
        """Write the title into the frame too, of which the stylesheet shows one."""
        self._write()

    def say(self, *parts: object) -> None:
        """Put these parts after the title; what has no tone is soft."""
        info = say(*((part, "soft") if isinstance(part, str) else part for part in parts))
        if not looks_same(info, self._info):
            self._info = info
            self._write()

    def legend(self, *parts: object) -> None:
        """Explain the signs in it."""
        content = say(*((part, "soft") if isinstance(part, str) else part for part in parts))
        if not looks_same(content, self.legend_shown):
            self.legend_shown = content
            self._write()

    def _write(self) -> None:
        if not self.is_attached:
            return
        title, room = self.title, max(self.size.width - 4, 0)
        self.border_title = title.truncate(room, ellipsis=True) if room else title
        legend = self.legend_shown
        self.border_subtitle = legend if legend.plain and legend.cell_length <= room else None
        for rule in self.query(PaneTitle):
            rule.refresh()

    def on_resize(self, _event: Resize) -> None:
        """Cut what is written into the frame anew."""
        self._write()

    def on_descendant_focus(self) -> None:
        """The rule and title become accent."""
        self._write()

    def on_descendant_blur(self) -> None:
        """They go back."""
        self._write()

    def open(self) -> None:
        """Show the inside, close the neighbours where there is no room for them, take the focus."""
        for pane in self.screen.query(Pane):
            pane.set_class(pane is self, "-open")
        for holder in self.screen.query(".column"):
            holder.set_class(self in holder.query(Pane), "-open")
        self.inside.focus()

    @property
    def title(self) -> Content:
        """What the title line says now."""
        tone: Tone = "accent" if self.has_focus_within else "text"
        name = say((self.name_shown, tone)).stylize("bold")
        return Content.assemble(name, " ", self._info) if self._info.plain else name
