"""The top line: where one is, and what the runner is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.reactive import reactive
from textual.widget import Widget

from tui.quantities import duration
from tui.widgets.said import looks_same
from tui.widgets.words import TONE_STYLES, UNICODE, bar, say, state_glyph, state_word

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
            width = self.size.width
            length = max(chip(pulse, width).cell_length for pulse in (before, after)) + 1
            self.refresh(Region(max(width - length, 0), 0, length, 1))

    def __init__(self, mode: str) -> None:
        """Make the line of the screen `mode`."""
        super().__init__()
        self._mode = mode
        self._spots: list[tuple[range, str]] = []

    def render(self) -> Content:
        """The line, as wide as the terminal."""
        if self.app.size.width < LEAST[0] or self.app.size.height < LEAST[1]:
            return say((" genearena: make the window larger, 80x24 or more", "warn"))
        left = self._places()
        right = chip(self.pulse, self.size.width)
        gap = self.size.width - left.cell_length - right.cell_length - 1
        return Content.assemble(left, " " * max(gap, 1), right) if gap > 0 else left

    def _places(self) -> Content:
        spread = " " if self.size.width >= 110 else ""
        parts: list[tuple[str, str]] = [(" genearena ", f"{TONE_STYLES['accent']} bold")]
        here_style = "reverse bold" if self.app.native_ansi_color else "$ga-ground on $ga-accent bold"
        bare = self.app.no_color or getattr(self.app, "charset", UNICODE).ascii
        self._spots = []
        at = len(parts[0][0])
        for number, mode in enumerate(SCREENS, 1):
            here = mode == self._mode
            left, right = ("[", "]") if here and bare else (" ", " ")
            text = f"{left}{number}{spread}{TITLES[mode]}{right}"
            parts.append((text, ("bold" if bare else here_style) if here else TONE_STYLES["soft"]))
            self._spots.append((range(at, at + len(text)), mode))
            at += len(text)
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """A click on a screen's name goes there."""
        for spot, mode in self._spots:
            if event.x in spot and mode != self._mode:
                self.app.switch_mode(mode)


def chip(pulse: Pulse | None, width: int) -> Content:
    """The run in a few words; from 110 columns with a bar while it goes on."""
    status = pulse.status if pulse and pulse.looked else None
    if status is None or not status.live or width < 110 or status.state == "paused":
        return describe(pulse)
    done = status.already_done + status.scored + status.failed
    return Content.assemble(
        say(("▶ running ", "run")), bar(done, status.total, 12), "  ", describe(pulse, sign=False)
    )


def describe(pulse: Pulse | None, sign: bool = True) -> Content:
    """The run in a few words: state, how far, time left; nothing before it was looked at."""
    if pulse is None or not pulse.looked:
        return say("")
    status = pulse.status
    if status is None:
        return say(("no run yet", "soft"))
    glyph, tone = state_glyph(status.state)
    done = status.already_done + status.scored + status.failed
    far = (f" {done}/{status.total}", "soft")
    if not status.live:
        return say((f"{glyph} {state_word(status.state)}", tone), far)
    failed = (f" ✗{status.failed}", "bad") if status.failed else ""
    if status.state == "paused":
        return say((f"{glyph} paused", tone), far, failed)
    known = status.eta_s is not None and not status.untimed
    running = (glyph if known else f"{glyph} running", tone) if sign else ""
    left = f" ETA {duration(status.eta_s)}" if known else ""
    return say(running, far, (left, "strong"), failed)
