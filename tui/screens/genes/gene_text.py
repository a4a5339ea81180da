"""One gene in words: its class, text and nearest; in full with all that is known. Pure functions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content

from tui.quantities import count
from tui.screens.genes.classes import class_sign, class_tone
from tui.screens.genes.list_text import gene_name, short
from tui.widgets.rows import cut
from tui.widgets.text import clean
from tui.widgets.words import Tone, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.questions.genelist import Listed
    from tui.questions.genes import GeneDetail
    from tui.questions.maps import GeneMap
    from tui.questions.nearest import Cut

NEAREST: Final = 8
"""Lollipops of a gene."""
NUMBERED: Final = 5
_WIDE: Final = 90
"""Cells from which on a lollipop has room for a name beside it."""


def headline(item: Listed, classes: Sequence[str], named: bool = True) -> list[tuple[str, Tone]]:
    """`FOXJ3  ■ dosage-sensitive   error .725 in 4 tests`."""
    tone = class_tone(item.label)
    wrong: Tone = "bad" if item.error is not None and item.error > 0.5 else "strong"
    said: list[tuple[str, Tone]] = [
        (clean(item.gene, 30), "strong"),
        (f"  {class_sign(item.label, classes)} ", tone),
        (clean(classes[item.label], 40), "text"),
    ]
    if item.error is None:
        return [*said, ("   in no test yet", "soft")]
    said += [("   error ", "soft"), (short(item.error), wrong)]
    if item.sd is not None:
        said.append((f" ±{short(item.sd)}", "soft"))
    return [*said, (f" in {count(item.tests, 'test')}", "soft")]


def lines_of_text(text: str, width: int, most: int) -> list[str]:
    """A text in at most so many lines, cut with an ellipsis."""
    lines = textwrap.wrap(clean(text, 4000), max(width, 10)) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(lines[most - 1] + " " + lines[most], width)]
    return lines


def gene_card(
    item: Listed,
    classes: Sequence[str],
    of: GeneMap | None,
    place: int | None,
    names: Mapping[tuple[str, int], str],
    width: int,
    height: int,
) -> Content:
    """The Gene pane: headline, text, and its nearest with a lollipop each, as far as there is room."""
    found: list[Content] = [say(*headline(item, classes))]
    if of is None or place is None:
        found += [say((line, "soft")) for line in lines_of_text(item.text, width, max(height - 1, 1))]
        return Content("\n").join(found)
    near = of.near[place][:NEAREST]
    room = max(height - 2 - len(near), 1)
    text = lines_of_text(item.text, width, min(room, 4))
    found += [say((line, "soft")) for line in text]
    if room > len(text):
        found.append(say(""))
    same = sum(of.dots[other].label == item.label for other, _ in near)
    found.append(
        say(
            ("  nearest by cosine, of its class ", "soft"),
            (f"{same} of {len(near)}", "strong"),
        )
    )
    wide = max([cell_len(of.dots[other].gene) for other, _ in near], default=0)
    wide = min(wide, 16)
    stem = max(min(30, width - wide - 14), 4) if width < _WIDE else 30
    for number, (other, cosine) in enumerate(near, 1):
        dot = of.dots[other]
        long = round(max(min(cosine, 1.0), 0.0) * (stem - 1))
        its = say(
            (f"{number} ", "strong" if number <= NUMBERED else "soft"),
            (cut(clean(dot.gene), wide), "text"),
            (f" {class_sign(dot.label, classes)} ", class_tone(dot.label)),
            ("─" * long, "line"),
            ("●", "soft"),
            (" " * (stem - 1 - long), ""),
            (f" {short(cosine) if cosine >= 0 else '−' + short(-cosine)}", "text"),
            (f"  {names.get((dot.gene, dot.label), '')}", "soft"),
        )
        found.append(its.truncate(width, ellipsis=True) if its.cell_length > width else its)
    return Content("\n").join(found)


def gene_line(item: Listed, classes: Sequence[str], width: int, height: int) -> Content:
    """The same in the few lines of a small terminal."""
    found = [say(*headline(item, classes))]
    found += [say((line, "soft")) for line in lines_of_text(item.text, width, height - 1)]
    return Content("\n").join(found)


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
    for its in cuts:
        tokens = count(its.tokens, "token")
        if its.at is None:
            parts.append((f"\n{its.model}: all of it, {tokens}", "dim"))
        else:
            parts.append((f"\n{its.model}: {tokens}, reads {its.limit}, up to {its.seen[-20:]!r}", "warn"))
    return say(*parts)


def _as_read(text: str, cuts: Sequence[Cut]) -> list[object]:
    """The text, with a mark where the first model stops reading."""
    ends = [its.at for its in cuts if its.at is not None and text.startswith(its.seen)]
    if not ends:
        return [text]
    return [text[: min(ends)], (" >| ", "warn"), (text[min(ends) :], "dim")]


__all__ = ["gene_card", "gene_line", "gene_name", "gene_text", "headline"]
