from __future__ import annotations

from fake_arena import hostile, screen_text, shows, until
from pressing import presses
from textual.app import App, ComposeResult

from tui.terminal.tokens import HEAT, PALETTES, variables
from tui.widgets.grid import Grid
from tui.widgets.headed import HeadedRows, Tail
from tui.widgets.rows import Cell, Column, Row, matches, stacked
from tui.widgets.said import Said

COLUMNS = (Column("name", "name", least=8), Column("value", "value", right=True))


class Host(App[None]):
    def __init__(self, **options) -> None:
        super().__init__()
        self.options = options
        self.marked: list[set[str]] = []
        self.sorts: list[int] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variables("dark", "true")

    def compose(self) -> ComposeResult:
        yield Grid(COLUMNS, empty="Nothing yet: press 1.", **self.options)

    @property
    def grid(self) -> Grid:
        return self.query_one(Grid)

    def on_grid_marked(self, message: Grid.Marked) -> None:
        self.marked.append(set(message.grid.marked))

    def on_grid_sort_asked(self, message: Grid.SortAsked) -> None:
        self.sorts.append(message.column)


def rows(n: int, value="v") -> list[Row]:
    return [Row(str(number), (f"row {number}", f"{value}{number}")) for number in range(n)]


async def test_an_empty_grid_says_what_to_do_once_it_is_known_that_it_is_empty():
    async with Host().run_test(size=(40, 6)) as pilot:
        await shows(pilot, "Reading.")
        pilot.app.grid.show([])
        await pilot.pause()
        await shows(pilot, "Nothing yet: press 1.")
        pilot.app.grid.show(rows(3))
        pilot.app.grid.read_anew()
        await pilot.pause()
        await shows(pilot, "Reading.")
        assert pilot.app.grid.current is None


async def test_an_empty_grid_that_stays_empty_is_painted_with_what_is_now_known():
    async with Host().run_test(size=(40, 6)) as pilot:
        grid, painted = pilot.app.grid, []
        grid.show([])
        await pilot.pause()
        render = grid.render_line
        grid.render_line = lambda y: painted.append(render(y).text) or render(y)
        grid.empty = "None is there."
        grid.show([])
        await pilot.pause()
        assert any("None is there." in line for line in painted)


@presses(
    "grid.down",
    "grid.up",
    "grid.page-down",
    "grid.page-up",
    "grid.last",
    "grid.first",
    "grid.half-down",
    "grid.half-up",
)
async def test_moving_by_row_page_and_end():
    async with Host().run_test(size=(40, 11)) as pilot:
        grid = pilot.app.grid
        grid.show(rows(100))
        grid.focus()
        script = "j 1, down 2, down 3, k 2, pagedown 12, pageup 2, G 99, "
        script += "g 0, ctrl+d 5, ctrl+u 0, up 0, end 99, home 0"
        for key, cursor in (step.split() for step in script.split(", ")):
            await pilot.press(key)
            assert grid.cursor == int(cursor), key
            await shows(pilot, f"row {cursor} ")


async def test_the_cursor_stays_on_its_row_when_rows_come_and_go():
    async with Host().run_test(size=(40, 11)) as pilot:
        grid = pilot.app.grid
        grid.show(rows(10))
        grid.go_to("5")
        grid.show([Row("new", ("new", "1")), *rows(10)])
        assert grid.current.key == "5"
        grid.show([row for row in rows(10) if row.key != "5"])
        assert grid.cursor == 6
        grid.show([])
        assert grid.current is None


async def test_only_rows_that_changed_are_painted_again():
    async with Host().run_test(size=(40, 11)) as pilot:
        grid = pilot.app.grid
        grid.show(rows(8))
        await pilot.pause()
        painted = []
        grid.refresh = lambda *regions, **_: painted.extend(region.y for region in regions)
        changed = rows(8)
        changed[3] = Row("3", ("row 3", "w3"))
        grid.show(changed)
        assert painted == [4]


async def test_marks_toggle_all_none_and_respect_the_filter():
    async with Host(markable=True).run_test(size=(40, 11)) as pilot:
        app, grid = pilot.app, pilot.app.grid
        grid.show(rows(12))
        grid.focus()
        await pilot.press("space", "j", "space")
        assert app.marked[-1] == {"0", "1"}
        await shows(pilot, "■ row 0")
        await pilot.press("space")
        assert app.marked[-1] == {"0"}
        grid.filter = "row 1"
        await pilot.press("a")
        assert app.marked[-1] == {"0", "1", "10", "11"}
        await pilot.press("A")
        assert app.marked[-1] == {"0"}


async def test_a_single_choice_replaces_the_other():
    async with Host(markable=True, single=True).run_test(size=(40, 11)) as pilot:
        grid = pilot.app.grid
        grid.show(rows(3))
        grid.focus()
        await pilot.press("space", "j", "space", "a", "space")
        assert grid.marked == {"1"}


async def test_a_filter_that_matches_nothing_says_so():
    async with Host().run_test(size=(60, 11)) as pilot:
        pilot.app.grid.show(rows(3))
        pilot.app.grid.filter = "zebra"
        await pilot.pause()
        await shows(pilot, "No row matches 'zebra'; esc clears the filter.")


async def test_columns_scroll_sideways_with_the_first_one_still():
    columns = [Column("name", "name"), *(Column(str(n), f"column {n:02}") for n in range(14))]
    async with Host(cells=True).run_test(size=(60, 6)) as pilot:
        grid = pilot.app.grid
        grid.show([Row("r", ("gene", *(f"value{n}" for n in range(14))))], columns)
        grid.focus()
        await pilot.press(*["l"] * 14)
        await until(pilot, lambda: "column 13" in screen_text(pilot.app))
        await shows(pilot, "▌gene")
        await pilot.press("h", "left", "right")
        assert grid.column == 13
        await pilot.press(*["h"] * 16)
        assert grid.column == 0
        await shows(pilot, "column 00")


async def test_a_hundred_thousand_rows_cost_no_more_than_a_screenful():
    class Counted(list):
        looked_at = 0

        def __getitem__(self, key):
            if isinstance(key, int):
                Counted.looked_at += 1
            return super().__getitem__(key)

    async with Host().run_test(size=(60, 20)) as pilot:
        grid = pilot.app.grid
        grid.show(Counted(rows(100_000)))
        grid.focus()
        await pilot.pause()
        Counted.looked_at = 0
        await pilot.press("pagedown", "G")
        await shows(pilot, "row 99999")
        assert Counted.looked_at < 1000


async def test_hostile_text_is_drawn_as_text():
    async with Host(markable=True).run_test(size=(100, 8)) as pilot:
        name = hostile("gene")
        pilot.app.grid.show([Row(name, (name, Cell(name, "bad"))), Row("b", ("fine", "1"))], COLUMNS)
        await pilot.pause()
        text = screen_text(pilot.app)
        assert "[/]gene[@click=app.quit]\\x1b[2J" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert all(len(line) <= 100 for line in text.splitlines())


async def test_a_click_moves_the_cursor_and_on_the_box_marks():
    async with Host(markable=True).run_test(size=(40, 11)) as pilot:
        grid = pilot.app.grid
        grid.show(rows(5))
        await pilot.click(Grid, offset=(10, 3))
        assert grid.cursor == 2
        assert grid.marked == set()
        await pilot.click(Grid, offset=(1, 4))
        assert grid.marked == {"3"}


def test_a_head_stands_before_a_tail_that_lacks_its_rows():
    tail = rows(8)
    for keys in ((), ("3",), ("0", "1", "7"), ("9", "2", "3", "4", "0"), map(str, range(8))):
        head = [Row(key, (f"now {key}", "w")) for key in keys]
        shown = HeadedRows(head, Tail(tail))
        expected = head + [row for row in tail if row.key not in {one.key for one in head}]
        assert list(shown) == expected
        assert [shown.place(row.key) for row in expected] == list(range(len(expected)))
        assert shown.place("none") is None
        assert shown[-1] == expected[-1]
        assert list(shown[1:5]) == expected[1:5]
        for wanted in ("now", "row", "3", "!7"):
            left = [row for row in expected if matches(row, COLUMNS, wanted)]
            kept = shown.matching(COLUMNS, wanted)
            assert list(kept) == left
            assert [kept.place(row.key) for row in left] == list(range(len(left)))


async def test_a_long_tail_is_filtered_and_walked_once_however_often_its_head_changes(monkeypatch):
    asked = []

    def counted(row, columns, wanted):
        asked.append(row.key)
        return matches(row, columns, wanted)

    monkeypatch.setattr("tui.widgets.headed.matches", counted)
    tail = Tail(rows(20_000))
    async with Host().run_test(size=(40, 10)) as pilot:
        grid = pilot.app.grid
        grid.show(HeadedRows([], tail))
        grid.filter = "row"
        await pilot.pause()
        grid.go_to("19000")
        await until(pilot, lambda: "▌row 19000" in screen_text(pilot.app))
        assert len(asked) == 20_000
        asked.clear()
        for number in range(50):
            grid.show(HeadedRows([Row(f"new {number}", ("row", "x"))], tail))
        await until(pilot, lambda: "▌row 19000" in screen_text(pilot.app))
        assert len(asked) == 50
        grid.filter = "9999"
        await until(pilot, lambda: "▌row 19999" in screen_text(pilot.app))
        assert len(grid.shown) == 2


async def test_a_filter_that_is_kept_stays_on_screen():
    async with Host().run_test(size=(40, 6)) as pilot:
        pilot.app.grid.show(rows(30))
        pilot.app.grid.filter = "row 1"
        await pilot.pause()
        assert screen_text(pilot.app).splitlines()[0].rstrip().endswith(" /row 1")
        pilot.app.grid.filter = "[/]" + "x" * 100
        await pilot.pause()
        assert " /[/]xxxx" in screen_text(pilot.app).splitlines()[0]
        assert screen_text(pilot.app).startswith(" name")
        pilot.app.grid.filter = ""
        await pilot.pause()
        assert "/" not in screen_text(pilot.app).splitlines()[0]


def on(app, y: int, word: str):
    """The background of a word on a line, as `#rrggbb`."""
    strip = app.screen._compositor.render_strips()[y]
    style = next(segment.style for segment in strip if word in segment.text)
    return style.bgcolor.get_truecolor().hex


@presses("grid.sort")
async def test_filled_drawn_and_two_line_cells_under_the_cursor_and_off_it():
    columns = [
        Column("name", "name"),
        Column("tall", "long", second="short", right=True),
        Column("mean", "mean", sort="▾"),
        Column("strip", "strip", least=5, grows=True),
    ]
    async with Host(cells=True, sortable=True).run_test(size=(40, 9)) as pilot:
        app, grid = pilot.app, pilot.app.grid
        drawn = Cell("", draw=lambda width: [("=" * width, "a")])
        grid.show(
            [
                Row(str(n), (f"row {n}", Cell(f".9{n}", fill=6), Cell(".80", ink=3), drawn))
                for n in range(9)
            ],
            columns,
        )
        grid.focus()
        await pilot.pause()
        lines = screen_text(app).splitlines()
        assert lines[0].split() == ["long"]
        assert lines[1].split() == ["name", "short", "mean▾", "strip"]
        assert lines[2].startswith("▌row 0")
        assert lines[2].rstrip().endswith("=" * 15)
        assert on(app, 2, "row 0") == PALETTES["dark"]["select"]
        assert on(app, 2, ".90") == on(app, 3, ".91") == HEAT["dark"]["fill"][6]
        await pilot.press("l", "s")
        assert app.sorts == [1]


async def test_sticky_rows_stay_at_the_edge_and_never_cover_the_cursor():
    async with Host().run_test(size=(40, 7)) as pilot:
        app, grid = pilot.app, pilot.app.grid
        grid.sticky = frozenset({"3"})
        grid.show(rows(50))
        grid.focus()
        for key, edge in (("G", 1), ("g", -1)):
            await pilot.press(*["j"] * 10, key)
            await pilot.pause()
            body = screen_text(app).splitlines()
            assert "row 3 " in (body[1] if edge == 1 else "\n".join(body))
            assert f"▌row {grid.cursor} " in "\n".join(body)


def test_a_long_name_is_stacked_where_it_parts():
    assert stacked("long-vs-short-tf", 8) == ("long", "short-tf")
    assert stacked("dosage-sensitivity", 6) == ("dosage", "sensit")
    assert stacked("small", 8) == ("", "small")


async def test_of_a_text_only_the_lines_that_change_are_painted():
    class Telling(Host):
        def compose(self) -> ComposeResult:
            yield Said()

    async with Telling().run_test(size=(40, 6)) as pilot:
        said = pilot.app.query_one(Said)
        said.show("one\n", ("two\n", "soft"), "three")
        await pilot.pause()
        await pilot.pause()
        said.show("one\n", ("two\n", "accent"), "three")
        assert {(region.y, region.height) for region in said._repaint_regions} == {(1, 1)}
        said.show("one\n", ("2\n", "accent"), "three")
        await pilot.pause()
        assert [line.rstrip() for line in screen_text(pilot.app).splitlines()[:3]] == ["one", "2", "three"]
