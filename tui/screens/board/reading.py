"""What the Board reads, in workers: which tables there are, one of them, and what its scores can tell."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.message import Message

from store.arm import Table
from store.errors import GeneArenaError, StoreBusy
from store.sets import PAPER
from tui.questions.arena import Pulse
from tui.questions.catalog import Catalog
from tui.ranked.standings import Standing, in_a_line
from tui.screens.board import tables as board_tables
from tui.screens.board import text as board_text
from tui.screens.board.families import ApartScreen
from tui.screens.board.view import Sorting
from tui.terminal.timing import once

if TYPE_CHECKING:
    from textual.timer import Timer

    from engine.data.tasks.sets import Sets
    from engine.verdicts.table import Judged
    from store.queries import Rankings
    from tui.questions.saved import SplitAucs

NOTHING: Final = ("", "")
"""The column and the baseline while nothing is worked out."""
SHARE: Final = 0.2
"""Of its time a core works out what a table can tell while a run fills it."""


class ReadingScreen(ApartScreen):
    """A screen that has one ranked table at hand, with what is known of it by now."""

    @dataclass
    class TablesRead(Message):
        """It is known what there is to rank."""

        tables: board_tables.Tables

    @dataclass
    class CatalogRead(Message):
        """It is known what could be ranked."""

        catalog: Catalog
        sets: Sets

    @dataclass
    class RankingsRead(Message):
        """A table has been read, or why it or its newest rows could not be for now."""

        table: Table
        rankings: Rankings | None
        trouble: str

    @dataclass
    class SplitsRead(Message):
        """The splits behind a table are there."""

        table: Table
        splits: SplitAucs

    @dataclass
    class TableJudged(Message):
        """It is known what the scores of a table can tell in one column."""

        table: Table
        judged: Judged | None
        """None if that could not be."""
        of: tuple[str, str]
        """The column, and the baseline."""
        told: str
        """What of it is said in a sentence."""
        seconds: float
        """What it took."""

    _behind = False
    """Whether more is known than is shown, as another screen was when that came."""

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._tables: board_tables.Tables = {}
        self._catalog = Catalog()
        self._sets: Sets = {}
        self._table: Table | None = None
        self._rankings: Rankings | None = None
        self._splits: SplitAucs | None = None
        self._splits_for: Rankings | None = None
        """The table whose splits were last asked for."""
        self._trouble = ""
        self._judged: Judged | None = None
        self._settled = NOTHING
        """The column and the baseline whose places or differences are worked out."""
        self._told = ""
        self._baseline = ""
        """The own model that is pinned: the others are set against it, and not against TF-IDF."""
        self._sorting = Sorting()
        self._rest_until = 0.0
        """When what its scores can tell may be worked out again without being asked for."""
        self._resting: Timer | None = None
        self._wanted = ""
        """The table that `:board NAME` asked for before it was known which there are."""
        self._seen = -1
        """`Pulse.store` when the table was last read."""
        self._came_back = False
        """Whether another screen was shown since then."""
        self._run = ""
        """The run whose table was shown without being asked for."""

    def show_table(self) -> None:
        """Show what is known by now."""
        raise NotImplementedError

    @property
    def shows_splits(self) -> bool:
        """Whether there is room for the splits behind the table."""
        raise NotImplementedError

    def come_to(self, key: str) -> None:
        """Put the cursor on the first row of one's own, which was not there before."""
        raise NotImplementedError

    def follow(self, pulse: Pulse) -> None:
        """Show what was read while another screen was shown; read at once what that may have changed."""
        if self._behind:
            self.show_table()
        if self._seen < 0:
            self.refresh_tables()

    def look_again(self) -> None:
        """Read at once, and show what a run filled meanwhile."""
        self._came_back = self.shell.pulse.store != self._seen
        self.refresh_tables()

    def refresh_tables(self) -> None:
        """Read again if the database has moved."""
        store = self.shell.pulse.store
        if self.is_current and store != self._seen:
            self._seen = store
            self.read_tables()

    def want_splits(self) -> None:
        """Read the splits behind the table as it is now, once there is room for them."""
        if self._table is None or self._rankings is None:
            return
        if self._splits_for is not self._rankings and self.shows_splits:
            self._splits_for = self._rankings
            self.read_splits(self._table)

    # ------------------------------------------------------------------ in workers

    @work(thread=True, exclusive=True, group="tables", exit_on_error=False)
    def read_tables(self) -> None:
        """Read what there is to rank."""
        try:
            tables: board_tables.Tables = board_tables.tables_of(self.arena.tables())
        except StoreBusy:
            tables = self._tables or board_tables.tables_of({})
        self.post_message(self.TablesRead(tables))

    @work(thread=True, exclusive=True, group="catalog", exit_on_error=False)
    def read_catalog(self) -> None:
        """Read which models and tasks the matrix has."""
        self.post_message(self.CatalogRead(self.arena.catalog(), self.arena.task_sets()))

    @work(thread=True, exclusive=True, group="rankings", exit_on_error=False)
    def read_rankings(self, table: Table) -> None:
        """Read one table; a file that is locked for the moment is not an error."""
        try:
            found = self.arena.rankings(table)
        except StoreBusy as error:
            self.post_message(self.RankingsRead(table, None, error.message))
            return
        self.post_message(self.RankingsRead(table, found, self.arena.behind))

    @work(thread=True, exclusive=True, group="splits", exit_on_error=False)
    def read_splits(self, table: Table) -> None:
        """Read the splits behind one table; while the file is locked the old ones stay."""
        try:
            found = self.arena.split_aucs(table)
        except StoreBusy:
            return
        self.post_message(self.SplitsRead(table, found))

    @work(thread=True, exclusive=True, group="judge", exit_on_error=False)
    def judge(self, rankings: Rankings, column: str, baseline: str) -> None:
        """Work out what the scores of a table can tell: intervals, then places and differences."""
        begun = time.monotonic()
        tell = partial(self.TableJudged, rankings.table, of=(column, baseline))
        judged = None
        try:
            judged = self.arena.judged(rankings.table)
            if judged.estimates:
                self.post_message(tell(judged, of=NOTHING, told="", seconds=0.0))
            standing = Standing(rankings, judged, column, baseline)
            if any(row.source == "own" for row in rankings.rows):
                told = in_a_line(standing)
                if baseline:  # places are shown beside the differences
                    in_a_line(replace(standing, baseline=""))
            else:
                told = self.arena.printed(rankings, column)
        except StoreBusy as error:
            self.post_message(self.RankingsRead(rankings.table, None, error.message))
            return
        except GeneArenaError as error:
            self.post_message(tell(judged, of=NOTHING, told=error.message, seconds=0.0))
            return
        self.post_message(tell(judged, told=told, seconds=time.monotonic() - begun))

    # ------------------------------------------------------------------ what came back

    @on(TablesRead)
    def _tables_read(self, message: TablesRead) -> None:
        self._tables = message.tables
        status, table = self.shell.pulse.status, self._table
        run = status.run_id if status else ""
        if table is None or table not in message.tables:
            table = self._table = board_tables.first(message.tables, status)
        elif self._came_back and run != self._run:
            table = board_tables.filled(message.tables, table, status)
        self._came_back = False
        if table.task_set != PAPER:
            self._run = run
        if self._wanted:
            self.receive(self._wanted)
        elif table != self._table:
            self.rank_table(table)
            return
        self.read_rankings(self._table)

    @on(CatalogRead)
    def _catalog_read(self, message: CatalogRead) -> None:
        self._catalog, self._sets = message.catalog, message.sets
        self.show_table()

    @on(RankingsRead)
    def _rankings_read(self, message: RankingsRead) -> None:
        if message.table != self._table:
            return
        self._trouble = message.trouble
        if message.trouble:
            # Nothing moves when it is over, so look again.
            self._seen = -1
        if message.rankings is None:
            self.show_table()
            return
        before, self._rankings = self._rankings, message.rankings
        self.show_table()
        self.judge_soon()
        own = board_text.first_own(message.rankings)
        if own and not (before and board_text.first_own(before)):
            self.come_to(own)

    @on(SplitsRead)
    def _splits_read(self, message: SplitsRead) -> None:
        if message.table == self._table:
            self._splits = message.splits
            self.at_leisure(self.show_table)

    def unread(self, group: str) -> None:
        """A table that cannot be read again is not shown any more."""
        if group in ("tables", "rankings"):
            self._rankings, self._trouble = None, ""
            self.show_table()

    @on(TableJudged)
    def _table_judged(self, message: TableJudged) -> None:
        early = message.of == NOTHING and not message.told
        if message.table != self._table or message.of not in (NOTHING, self.asked):
            return
        if early and self._settled == self.asked:
            return  # places of a moment ago are better than none
        self._judged, self._settled, self._told = message.judged, message.of, message.told
        self._rest_until = time.monotonic() + message.seconds * (1 / SHARE - 1)
        self.at_leisure(self.show_table)

    @property
    def asked(self) -> tuple[str, str]:
        """The column that places are to be of, and the pinned baseline if the table has it."""
        if self._rankings is None:
            return NOTHING
        own = {row.model for row in self._rankings.rows if row.source == "own"}
        return self._sorting.by(self._rankings), self._baseline if self._baseline in own else ""

    def judge_soon(self) -> None:
        """Have it worked out what the scores can tell; during a run not all the time."""
        if self._resting is not None:
            self._resting.stop()
        rest = self._rest_until - time.monotonic()
        if rest > 0 and self._settled == self.asked:
            self._resting = once(self, rest, self._judge)
        else:
            self._judge()

    def _judge(self) -> None:
        if self._rankings is not None and self._rankings.rows:
            self.judge(self._rankings, *self.asked)

    def rank_table(self, table: Table) -> None:
        """Read and show another table."""
        self._table = table
        self._rankings = self._splits = None
        self._judged, self._settled, self._told = None, NOTHING, ""
        self.show_table()
        self.read_rankings(table)
