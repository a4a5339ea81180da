"""Rows under a header, drawn line by line, however many there are, with one under the cursor.

Textual's DataTable repaints all of itself when a cell changes (75 KiB/s for eight cells at 5 Hz
over SSH) and freezes at 100,000 rows; here a changed row repaints one line and a row that is not
on screen costs nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final, cast

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.widgets.looks import Looks
from tui.widgets.rows import Cell, Piece, cut, cut_title, in_view
from tui.widgets.shownrows import GAP, ShownRows
from tui.widgets.text import clean
from tui.widgets.words import TONE_STYLES, UNICODE, Charset, Tone

FOCUSED: Final = "$say-select"
UNFOCUSED: Final = "$say-selecty"
GHOSTS: Final = 5
"""Dashed rows of an empty table."""
RAISED: Final = {"faint": "soft", "line": "faint"}
"""What a tone becomes under the cursor, where it could not be read."""


class RowView(ShownRows, Looks):
    """What the application's one table shows; who moves the cursor and sets marks is `Grid`."""

    DEFAULT_CSS = "RowView { height: 1fr; overflow-x: hidden; }"

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the header, a row, or the hint of an empty table."""
        width = self.scrollable_content_region.width
        if y < self.heads:
            return self._header(width, y)
        place = self._place_at(y - self.heads)
        if place < len(self._shown):
            return self._line(place, width)
        if not self._shown:
            return self._nothing(y - self.heads, width)
        return Strip.blank(width, self._look())

    def _place_at(self, line: int) -> int:
        """The row on a line under the head, where sticky rows cover others at the edges."""
        top = self.scroll_offset.y
        if not self.sticky:
            return top + line
        visible = self._visible
        places = sorted(place for key in self.sticky if (place := self._place(key)) is not None)
        above = [place for place in places if place < top]
        below = [place for place in places if place >= top + visible]
        if line < len(above):
            return above[line]
        at = line - (visible - len(below))
        return below[at] if 0 <= at < len(below) else top + line

    def _nothing(self, line: int, width: int) -> Strip:
        """An empty table: ghosts of rows where there is room, one sentence, and the ways out."""
        ghosts = GHOSTS if self._known and not self._filter and self._columns else 0
        hint = self._hint(width)
        if self._visible < ghosts + len(hint) + len(self.ways_out) + 3:
            ghosts = 0
        if line < ghosts:
            pieces = {
                spot.column: [("╌" * max(spot.width - line * (spot.column == 0), 1), self._look("line"))]
                for spot in self._layout.columns
            }
            return self._compose_line(
                Segment(" " * self._gutter, self._look()), pieces, width, self._look()
            )
        line -= ghosts + 1 if ghosts else 0
        if 0 <= line < len(hint):
            return Strip([Segment(" " + cut(hint[line], width - 1), self._look("text"))])
        at = line - len(hint) - 1
        if self._known and not self._filter and 0 <= at < len(self.ways_out):
            key, what, cost = self.ways_out[at]
            longest = max(cell_len(clean(one)) for _, one, _ in self.ways_out)
            drawn = [
                (f" {key:<4}", "accent"),
                (f"{clean(what):<{longest}}  ", "text"),
                (clean(cost), "soft"),
            ]
            return Strip([Segment(text, self._look(tone)) for text, tone in drawn]).adjust_cell_length(
                width, self._look()
            )
        return Strip.blank(width, self._look())

    def _hint(self, width: int) -> list[str]:
        said = self.empty if self._known else self._waiting
        if self._filter and self._known:
            said = f"No row matches {clean(self._filter)!r}; esc clears the filter."
        return textwrap.wrap(said, max(width - 2, 10))

    def _header(self, width: int, y: int) -> Strip:
        look = self._look("soft")
        gutter = Segment(" " * self._gutter, look)
        pieces: dict[int, list[tuple[str, Style]]] = {}
        for spot in self._layout.columns:
            column = self._columns[spot.column]
            low = y == self.heads - 1
            under = column.second if self.heads > 1 else ""
            name = column.head if not (low and under) else under
            if column.axis and (low if column.title else not low or self.heads == 1 or not under):
                pieces[spot.column] = [(cut(column.axis(spot.width), spot.width), self._look("faint"))]
                continue
            if self.heads > 1 and not low and not under and not column.axis:
                name = ""
            bold = column.sort and name == column.head
            title = cut_title(clean(name), spot.width, self._ellipsis)
            style = self._look("text", "bold") if bold else look
            if self._cells and spot.column == self.column and self.has_focus:
                style = self._look("accent", *(("bold",) if bold else ()))
            pieces[spot.column] = [(cut(title, spot.width, column.right, self._ellipsis), style)]
        header = self._compose_line(gutter, pieces, width, look)
        if not self._filter or y:
            return header
        # Rows that are hidden must not be forgotten.
        said = f" /{clean(self._filter)}"
        kept = cut(said, min(cell_len(said), width // 2), ellipsis=self._ellipsis)
        return Strip([*header.crop(0, width - cell_len(kept)), Segment(kept, self._look("accent"))])

    def _line(self, place: int, width: int) -> Strip:
        row = self._shown[place]
        here = place == self.cursor
        ground = (FOCUSED if self.has_focus else UNFOCUSED,) if here else ()
        plain = here and self.app.native_ansi_color and self.has_focus
        tones: tuple[str, ...] = (row.tone,) if row.tone and not plain else ()
        base = self._look(*tones, *ground)
        if row.heading:
            return self._rule(row.heading, here, width, base)
        pieces: dict[int, list[tuple[str, Style]]] = {}
        for spot in self._layout.columns:
            cell = row.cells[spot.column]
            drawn = self._pieces(cell, spot.width, self._columns[spot.column].right)
            pieces[spot.column] = [
                (text, self._look(*tones, *self._under(tone, here, plain, ground))) for text, tone in drawn
            ]
            if here and self._cells and spot.column == self.column and spot.x:
                tone = drawn[0][1] if drawn else ""
                under = (*tones, *self._under(tone, here, plain, ground))
                pieces[spot.column] = self._chosen(pieces[spot.column], under)
        mark = Segment("▌" if here and self.has_focus else " ", self._look("accent", *ground))
        if not self._boxes:
            return self._compose_line(mark, pieces, width, base)
        chosen = row.key in self.marked
        box = Segment(
            "■ " if chosen else "□ ", self._look("" if plain or not chosen else "accent", *ground)
        )
        return self._compose_line(mark, pieces, width, base, box)

    def _chosen(self, drawn: list[tuple[str, Style]], under: tuple[str, ...]) -> list[tuple[str, Style]]:
        """The cell under the cursor: with a bar in its first place where that is blank, else underlined."""
        if len(drawn) > 1:  # a picture
            return drawn
        [(text, _)] = drawn
        if not text.startswith(" "):
            return [(text, self._look(*under, "bold underline"))]
        return [
            ("▌", self._look(*under, "accent", "not underline")),
            (text[1:], self._look(*under, "bold")),
        ]

    def _pieces(self, cell: str | Cell, width: int, right: bool) -> Sequence[Piece]:
        """A cell in exactly `width` cells."""
        if isinstance(cell, Cell) and cell.draw:
            drawn = [(clean(text, 0), tone) for text, tone in cell.draw(width)]
            rest = width - sum(cell_len(text) for text, _ in drawn)
            return [*drawn, (" " * max(rest, 0), "")]
        text = cut(clean(cell), width, right, self._ellipsis)
        if not isinstance(cell, Cell):
            return [(text, "")]
        tone: str = cell.tone
        if cell.fill is not None:
            tone = f"$say-fill-{cell.fill}"
        elif cell.ink is not None:
            tone = f"$say-ink-{cell.ink}"
        return [(text, f"{TONE_STYLES.get(cast(Tone, tone), tone)} bold underline" if cell.best else tone)]

    def _under(self, tone: str, here: bool, plain: bool, ground: tuple[str, ...]) -> tuple[str, ...]:
        """A piece's tones, on the cursor's ground if that is here; heat keeps its fill there."""
        if not here:
            return (tone,) if tone else ()
        if plain:  # colours would be slabs, the line under the best is none
            return ("bold underline", *ground) if tone.endswith("bold underline") else ground
        if tone.startswith("$say-fill"):
            return (*ground, tone)
        return (RAISED.get(tone, tone), *ground) if tone else ground

    def _rule(self, words: str, here: bool, width: int, look: Style) -> Strip:
        charset: Charset = getattr(self.app, "charset", UNICODE)
        across = max(min(self._layout.width + self._gutter, width) - 1, 0)
        said = f"{charset.rule * 2} {words} " if words.strip() else charset.rule
        said = cut(said, across, ellipsis=charset.ellipsis).rstrip() + " " * bool(words.strip())
        drawn = f"{'▌' if here else ' '}{said}{charset.rule * (across - len(said))}"
        return Strip([Segment(drawn, look)]).adjust_cell_length(width, look)

    def _compose_line(
        self,
        gutter: Segment,
        pieces: dict[int, list[tuple[str, Style]]],
        width: int,
        rest: Style,
        box: Segment | None = None,
    ) -> Strip:
        """The gutter and the first column stand still; the others scroll sideways."""
        segments = [gutter] if box is None else [gutter, box]
        used = sum(len(segment.text) for segment in segments)
        for number, spot in enumerate(in_view(self._layout, self.column, width - used, GAP)):
            if number:
                segments.append(Segment(" " * GAP, rest))
                used += GAP
            cell = [Segment(text, style) for text, style in pieces[spot.column]]
            segments += Strip(cell).adjust_cell_length(spot.width, rest)
            used += spot.width
        if used < width:
            segments.append(Segment(" " * (width - used), rest))
        return Strip(segments).adjust_cell_length(width, rest).simplify()

    @property
    def _ellipsis(self) -> str:
        charset: Charset = getattr(self.app, "charset", UNICODE)
        return charset.ellipsis
