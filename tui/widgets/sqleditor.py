"""The SQL editor: highlighted, with names of tables and columns completed by tab."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, TextAreaTheme

from tui.widgets.said import Said

KEYWORDS: Final = (
    "select", "from", "where", "group", "by", "order", "limit", "having", "join", "left", "using",
    "on", "as", "and", "or", "not", "in", "is", "null", "like", "between", "case", "when", "then",
    "else", "end", "distinct", "count", "avg", "sum", "min", "max", "median", "stddev_samp",
    "round", "desc", "asc", "union", "all", "with", "describe", "explain", "cast", "filter", "over",
    "partition", "qualify",
)  # fmt: skip

HIGHLIGHTED: Final = 5_000
"""Characters up to which the text is coloured: that takes 10 ms a key here, and 14 s with 100,000."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*$")
_LONGEST_WORD: Final = 200
"""Characters before the cursor in which a name to complete is looked for."""


_SYNTAX: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("keyword", "conditional", "storageclass", "attribute", "type.qualifier", "boolean"),
        "$say-accent bold",
    ),
    "function.call": "$say-run",
    "string": "$say-soft",
    "comment": "$say-faint",
}
"""What the grammar calls a part -> its style."""


class SqlArea(TextArea):
    """The text itself."""

    class Left(Message):
        """The user is done typing."""

    class Wanted(Message):
        """The word before the cursor is to be completed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Rows", tooltip="Leave the editor for the rows", id="sql.leave"),
        Binding("tab", "complete", "Complete", show=False, tooltip="Complete the name", id="sql.complete"),
    ]

    def on_mount(self) -> None:
        """Take the application's colours, now and after a change of theme."""
        self._dress()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._dress())

    def _dress(self) -> None:
        def look(style: str) -> Style:
            return self.app.stylesheet.parse_style(style).rich_style

        # Under a new name each time: a theme that is the same by name is not taken again.
        name = f"arena-{self.app.theme}"
        faint, soft = look("$say-faint"), look("$say-soft")
        styles = {part: look(style) for part, style in _SYNTAX.items()}
        self.register_theme(
            TextAreaTheme(name, gutter_style=faint, cursor_line_gutter_style=soft, syntax_styles=styles)
        )
        self.theme = name

    def edit(self, edit: Edit) -> EditResult:
        """Change the text; a long one loses its colours before that."""
        start, end = sorted((edit.from_location, edit.to_location))
        size = len(self.text) + len(edit.text) - len(self.get_text_range(start, end))
        self._colour(size)
        return super().edit(edit)

    def load_text(self, text: str) -> None:
        """Put another text in."""
        self._colour(len(text))
        super().load_text(text)

    def _colour(self, size: int) -> None:
        """Highlight a text of so many characters, or not."""
        language = "sql" if size <= HIGHLIGHTED else None
        if language != self.language:
            selection = self.selection
            self.language = language
            self.selection = selection

    def action_leave(self) -> None:
        """Go to the rows."""
        self.post_message(self.Left())

    def action_complete(self) -> None:
        """Complete the word before the cursor."""
        self.post_message(self.Wanted())


class SqlEditor(Vertical):
    """A text area over one line that tells how the word under the cursor may go on."""

    def __init__(self, text: str, id: str) -> None:
        """Make an editor with `text` in it."""
        super().__init__(id=id)
        self._first = text
        self._names: Mapping[str, tuple[str, ...]] = {}
        self._instead: tuple[tuple[int, int], tuple[int, int], str] | None = None
        """The part that the database would have written otherwise, and how."""

    def compose(self) -> ComposeResult:
        """The text over the hint."""
        yield SqlArea(
            self._first, language="sql", tab_behavior="focus", soft_wrap=True, show_line_numbers=True
        )
        yield Said(classes="candidates")

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one(TextArea).text

    @text.setter
    def text(self, value: str) -> None:
        area = self.query_one(TextArea)
        area.text = value
        area.move_cursor(area.document.end)

    @property
    def lines(self) -> int:
        """Lines that the text takes, and what is said under it."""
        said = self.query_one(Said).content
        return self.query_one(TextArea).wrapped_document.height + str(said).count("\n") + 1

    def type_into(self, sample: bool) -> None:
        """Type in the text; a sample that nobody changed is replaced by what is typed first."""
        area = self.query_one(TextArea)
        area.focus()
        if sample:
            area.select_all()
        else:
            area.move_cursor(area.document.end)

    def wrong(
        self,
        content: Content,
        part: tuple[tuple[int, int], tuple[int, int]] | None = None,
        instead: str = "",
    ) -> None:
        """Say under the text what is wrong with it; tab puts `instead` in place of the part."""
        self._instead = (*part, instead) if part and instead else None
        self.query_one(Said).show(content)

    def focus(self, scroll_visible: bool = True) -> SqlEditor:
        """Type in the text."""
        self.query_one(TextArea).focus(scroll_visible)
        return self

    def learn(self, names: Mapping[str, tuple[str, ...]]) -> None:
        """Complete these: tables and views, each with its columns."""
        self._names = names
        tables = "  ".join(names)
        self.query_one(Said).show((f"tables: {tables}" if tables else "", "dim"))

    def on_text_area_changed(self) -> None:
        """Show how the word may go on."""
        self._instead = None
        word = self._word()
        found = self.candidates(word) if len(word) > 1 else []
        self.query_one(Said).show(("tab: " if found else "", "dim"), "  ".join(found[:12]))

    def candidates(self, word: str) -> list[str]:
        """Names that start with `word`: columns of the tables in the query first, then all else."""
        named = [name for name in self._names if re.search(rf"\b{re.escape(name)}\b", self.text)]
        pool = [column for name in named for column in self._names[name]]
        pool += [
            *self._names,
            *KEYWORDS,
            *(column for columns in self._names.values() for column in columns),
        ]
        start = word.casefold()
        return [name for name in dict.fromkeys(pool) if name.casefold().startswith(start) and name != word]

    @on(SqlArea.Wanted)
    def complete(self) -> None:
        """Put in what the database suggests, or the first of the names that the line below lists."""
        if self._instead is not None:
            start, end, instead = self._instead
            self.query_one(TextArea).replace(instead, start, end)
            return
        word = self._word()
        found = self.candidates(word)
        if not word or not found:
            return
        area = self.query_one(TextArea)
        row, column = area.cursor_location
        area.replace(found[0], (row, column - len(word)), (row, column))

    def _word(self) -> str:
        area = self.query_one(TextArea)
        row, column = area.cursor_location
        found = _WORD.search(area.document.get_line(row)[max(column - _LONGEST_WORD, 0) : column])
        return found[0] if found else ""
