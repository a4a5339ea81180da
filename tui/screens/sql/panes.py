"""The panes of the SQL screen: tables, query, result, what the cursor is on, and earlier queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import TextArea

from tui.quantities import count
from tui.screens.copy_export import TakingScreen
from tui.screens.sql import text
from tui.screens.sql.examples import EXAMPLES, FIRST
from tui.widgets.drawing import Drawing
from tui.widgets.grid import Grid
from tui.widgets.lines import content_of
from tui.widgets.paged import PAGE
from tui.widgets.pane import Pane
from tui.widgets.rows import Column
from tui.widgets.sqleditor import SqlEditor

if TYPE_CHECKING:
    from store.console import Result
    from tui.questions.sql import SqlTable


class ListGrid(Grid):
    """A list whose columns need no names."""

    @property
    def heads(self) -> int:
        """Lines of the head: none."""
        return 0


UNASKED: Final = "No rows yet: f5 runs the query above."
NONE: Final = "No rows match the query."
OLDER: Final = (("✗", "bad"), " the query is wrong; these rows are older")
"""Under rows of an earlier query than the last one."""


class SqlPanes(TakingScreen):
    """A screen with an editor over the rows of its last query."""

    def __init__(self) -> None:
        """Make the screen, with nothing asked yet."""
        super().__init__()
        self.result: Result | None = None
        self.older = False
        """Whether the rows are of an earlier query than the last one, which was wrong."""
        self.asked = ""
        """The query whose rows are shown."""
        self.order: tuple[int, bool] | None = None
        """The column by which the rows were put in order, and whether from the greatest down."""
        self._values: Sequence[Sequence[Any]] = ()
        self._tables: Mapping[str, SqlTable] = {}
        self._opened: set[str] = set()

    def compose_body(self) -> Iterable[Widget]:
        """Tables beside the editor, over the rows; what the cursor is on stands beside or below them."""
        legend = ("f5", "accent"), " runs  ", ("f2", "accent"), " tables"
        result = Grid(cells=True, sortable=True, id="result", empty=UNASKED)
        with Horizontal(id="sql"):
            yield Pane(
                "Tables", ListGrid(text.COLUMNS, id="tables", empty="No results yet."), id="tables-pane"
            )
            with Vertical(id="sql-main"):
                yield Pane("Query", SqlEditor(FIRST, id="editor"), id="query-pane", legend=legend)
                with Horizontal(id="sql-below"):
                    with Vertical(id="sql-left"):
                        yield Pane("Result", result, id="result-pane", first=True)
                        yield self._picture(
                            "Row", "row", (("●", "a"), " this row  ", ("○", "soft"), " others")
                        )
                    with Vertical(id="sql-right"):
                        yield self._picture("Column", "column")
                        yield self._queries("History", "earlier")
                        yield self._queries("Saved", "saved")

    def _picture(self, title: str, id: str, legend: tuple[object, ...] = ()) -> Pane:
        drawing = Drawing("f5 runs the query.", id=f"{id}-drawing")
        drawing.can_focus = False
        drawing.show(None)
        return Pane(title, drawing, id=f"{id}-pane", legend=legend)

    def _queries(self, title: str, id: str) -> Pane:
        grid = ListGrid((Column("sql", "", least=20),), id=id, empty="None yet.")
        return Pane(title, grid, id=f"{id}-pane", legend=(("enter", "accent"), " takes it over"))

    # ------------------------------------------------------------------ sizes

    def on_resize(self, _event: Resize) -> None:
        """Share the room out anew."""
        if self._completed:
            self.fit()

    def fit(self) -> None:
        """Query and result take their lines, what the cursor is on the rest, unless a result is long."""
        narrow, wide = self.has_class("-narrow"), self.has_class("-wide")
        asked = self.query_one(SqlEditor).lines + (1 if narrow else 2)
        asked = min(max(asked, 5), 10 if wide and self.has_class("-full") else 8)
        self.query_one("#query-pane").styles.height = asked
        if self.result is None:
            return
        fields, room = len(self.result.columns) + 3, self.size.height - 2 - asked
        long = not self.result.count or self.result.count + 4 > room - fields - (0 if wide else 8)
        self.set_class(long and not wide, "-rows-only")
        self.query_one("#result-pane").styles.height = "1fr" if long else self.result.count + 4
        self.query_one("#row-pane").styles.height = "1fr" if wide and not long else fields
        stacked = self.has_class("-medium") and not long
        natural = self.result.count + 4 + fields
        self.query_one("#sql-left").styles.height = natural if stacked else "1fr"
        tall = min(text.column_height(self.result.types, self._values) + 2, room // 2)
        self.query_one("#column-pane").styles.height = tall if wide else "1fr"

    # ------------------------------------------------------------------ tables and queries

    def show_tables(self, tables: Mapping[str, SqlTable]) -> None:
        """List them, those that the query names opened."""
        self._tables = tables
        editor = self.query_one(SqlEditor)
        editor.learn({name: tuple(column for column, _ in table.columns) for name, table in tables.items()})
        self._opened = text.opened_by(tables, editor.text)
        self._list_tables()

    def fold(self, key: str) -> None:
        """Open or close a table."""
        name = key.partition(".")[0]
        self._opened ^= {name}
        self._list_tables()
        self.query_one("#tables", Grid).go_to(name)

    @on(TextArea.Changed)
    def _query_changed(self) -> None:
        self._list_tables()
        self.fit()

    def _list_tables(self) -> None:
        rows = text.table_rows(self._tables, self._opened, self.query_one(SqlEditor).text)
        self.query_one("#tables", Grid).show(rows)
        self.query_one("#tables-pane", Pane).say(f"{len(self._tables)}")

    def show_saved(self, saved: Mapping[str, str], history: Sequence[str]) -> None:
        """List the queries kept by name, and the earlier ones with the newest first."""
        kept = [row for name, sql in {**EXAMPLES, **saved}.items() for row in text.query_rows(sql, name)]
        self.query_one("#saved", Grid).show(kept)
        earlier = [row for sql in reversed(history) for row in text.query_rows(sql)]
        self.query_one("#earlier", Grid).show(earlier)
        self.query_one("#earlier-pane").styles.height = min(max(len(earlier), 1), 10) + 2

    # ------------------------------------------------------------------ what came back

    def show_answered(self, sql: str, result: Result, values: Sequence[Sequence[Any]]) -> None:
        """Say how many rows there are and how long they took."""
        self.result, self.asked, self._values = result, sql, values
        more = f"the first {count(result.count)} rows; there are more" if result.truncated else ""
        said = f" {more or count(result.count, 'row')}, {result.seconds * 1000:.0f} ms"
        self.query_one("#result-pane", Pane).legend(*(OLDER if self.older else (("✓", "good"), said)))

    def heads(self, result: Result) -> list[Column]:
        """The columns with their types under the names."""
        return [
            Column(
                f"{place}-{name}",
                name,
                right=text.is_number(kind),
                second=text.short_type(kind),
                sort=("▾" if self.order[1] else "▴") if self.order and self.order[0] == place else "",
            )
            for place, (name, kind) in enumerate(zip(result.columns, result.types, strict=True))
        ]

    def say_running(self) -> None:
        """Say that a query is being run."""
        self.query_one("#result-pane", Pane).legend(("▶", "run"), " Running; ctrl+x stops it.")

    def say_wrong(self, sentence: str, sql: str) -> None:
        """Say under the query what is wrong with it, and where."""
        wrong = text.where_wrong(sentence, sql)
        editor = self.query_one(SqlEditor)
        shown = editor.text.strip() == sql
        lines = text.error_lines(sentence, sql, wrong if shown else None, editor.size.width)
        part = None
        if wrong is not None and shown and not editor.text[: len(editor.text) - len(editor.text.lstrip())]:
            part = ((wrong.row, wrong.column), (wrong.row, wrong.column + wrong.length))
        content = Content("\n").join([content_of(line) for line in lines])
        editor.wrong(content, part, wrong.instead if wrong else "")
        self.fit()
        self.older = self.result is not None
        self.query_one("#result-pane", Pane).legend(*(OLDER if self.older else ()))

    @on(Grid.Moved, "#result")
    def _cursor_moved(self) -> None:
        self.show_pictures()

    def show_pictures(self) -> None:
        """Draw the row and the column under the cursor."""
        result, grid = self.result, self.query_one("#result", Grid)
        if result is None or not result.columns or not grid.columns:
            return
        values, at, place = self._values, grid.cursor, min(grid.column, len(result.columns) - 1)
        names, types = result.columns, result.types
        whole = result.count <= PAGE
        shown = len(grid.columns)
        self.query_one("#result-pane", Pane).say(f"{count(shown, 'column')}")
        which = f"{at + 1:,} of {result.count:,}, every field" if result.count else ""
        self.query_one("#row-pane", Pane).say(which)
        self.query_one("#column-pane", Pane).say("under the cursor")
        row = self.query_one("#row-drawing", Drawing)
        row.show(lambda w, h: text.row_lines(names, types, values, at, w, h))
        field = [one[place] for one in values]
        column = self.query_one("#column-drawing", Drawing)
        column.show(lambda w, h: text.column_lines(names[place], types[place], field, whole, w, h))
