"""What is said in passing: one framed sentence over the bottom line, in the place of the one before."""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.notifications import Notification, Notifications
from textual.widgets._toast import Toast, ToastHolder, ToastRack

from tui.widgets.words import TONE_STYLES, Tone, say

KINDS: Final[dict[str, tuple[str, Tone, str]]] = {
    "information": ("✓", "good", "Noted"),
    "warning": ("!", "warn", "Not done"),
    "error": ("✗", "bad", "Failed"),
}
"""Severity -> its sign, the tone of that, and the word where a title names no other."""
FOR_EVER: Final = 1e6
"""Seconds that something bad stands, if nobody reads it."""


class Telling(Toast):
    """A sentence, and under it what follows from it, in a frame that names the kind and the key."""

    def __init__(self, notification: Notification) -> None:
        """Make the toast of a notification, which the application takes away when its time is over."""
        super().__init__(notification)
        self._timeout = FOR_EVER  # a moment before its end, a timer of its own might never be called
        sign, tone, word = KINDS[notification.severity]
        title = say((f"{sign} ", tone), (notification.title or word, "text")).stylize("bold")
        self.border_title = title
        self.border_subtitle = say(("esc", "accent")).stylize("bold")

    def render(self) -> Content:
        """The first sentence as text, what was done about it soft."""
        return sentences(self._notification.message)


def sentences(message: str) -> Content:
    """A message with all after its first sentence on lines of its own, and soft."""
    first, stop, rest = message.partition(". ")
    if not stop:
        return Content.assemble((message, TONE_STYLES["text"]))
    return Content.assemble((f"{first}.\n", TONE_STYLES["text"]), (rest, TONE_STYLES["soft"]))


def to_show(notifications: Notifications) -> Notification | None:
    """The one that is on screen: something bad until it is read, else the last."""
    there = list(notifications)
    return next((one for one in there if one.severity == "error"), there[-1] if there else None)


def show(rack: ToastRack, notifications: Notifications) -> None:
    """Show that one in a screen's rack, and no other."""
    wanted = to_show(notifications)
    name = rack._toast_id(wanted) if wanted is not None else ""
    rack.display = wanted is not None
    for holder in rack.query(ToastHolder):
        if holder.id != name:
            holder.remove()
    if wanted is not None and not rack.query(f"#{name}"):
        rack.mount(ToastHolder(Telling(wanted), id=name))
