"""The top line: where one is, and what the runner is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.quantities import duration
from tui.widgets.said import looks_same
from tui.widgets.words import say, state_glyph, state_word

if TYPE_CHECKING:
    from tui.questions.arena import Pulse

TITLES: Final = {
    "plan": "Plan",
    "runs": "Runs",
    "board": "Board",
    "compare": "Compare",
    "genes": "Genes",
    "sql": "SQL",
}
"""Mode of the application -> its title, in the order of their number keys."""
SCREENS: Final = tuple(TITLES)
LEAST: Final = (60, 16)
"""Columns and lines below which the screens cannot be used."""


class StatusLine(Widget):
    """Name, numbered screens with the current one marked, and the run's state on the right."""

    pulse: reactive[Pulse | None] = reactive(None, repaint=False)
    """The run's latest snapshot, once it was looked at."""

    def watch_pulse(self, before: Pulse | None, after: Pulse | None) -> None:
        """Repaint if the new snapshot reads differently."""
        if not looks_same(describe(before), describe(after)):
            self.refresh()

    def __init__(self, mode: str) -> None:
        """Make the line of the screen `mode`."""
        super().__init__()
        self._mode = mode

    def render(self) -> Content:
        """The line, as wide as the terminal."""
        if self.app.size.width < LEAST[0] or self.app.size.height < LEAST[1]:
            return say((" genearena: make the window larger, 80x24 or more", "warn"))
        left = self._places()
        right = describe(self.pulse)
        gap = self.size.width - left.cell_length - right.cell_length - 1
        return Content.assemble(left, " " * max(gap, 1), right) if gap > 0 else left

    def _places(self) -> Content:
        spread = " " if self.size.width >= 110 else ""
        parts: list[object] = [(" genearena ", "strong")]
        for number, mode in enumerate(SCREENS, 1):
            here = mode == self._mode
            left, right = ("[", "]") if here else (" ", " ")
            parts.append((f"{left}{number}{spread}{TITLES[mode]}{right}", "accent" if here else ""))
        return say(*parts)


def describe(pulse: Pulse | None) -> Content:
    """The run in a few words: state, how far, time left; nothing before it was looked at."""
    if pulse is None or not pulse.looked:
        return say("")
    status = pulse.status
    if status is None:
        return say(("no run yet", "dim"))
    glyph, tone = state_glyph(status.state)
    done = status.already_done + status.scored + status.failed
    if not status.live:
        return say((f"{glyph} {state_word(status.state)}", tone), f" {done}/{status.total}")
    failed = (f" !{status.failed}", "bad") if status.failed else ""
    if status.state == "paused":
        return say((f"{glyph} paused", tone), f" {done}/{status.total}", failed)
    left = f"ETA {duration(status.eta_s)}" if status.eta_s is not None else f"{glyph} running"
    return say((left, "strong"), f" {done}/{status.total}", failed)
