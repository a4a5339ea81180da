from __future__ import annotations

from dataclasses import replace

import pytest
from fake_arena import (
    FakeArena,
    a_status,
    a_table,
    at_rest,
    drive,
    make_app,
    paste,
    screen_text,
    shows,
    told,
    until,
)
from pressing import presses

from store.arm import Arm, Table
from store.errors import StoreBusy, UsageError
from store.queries import Rankings, RankRow, Unlike
from tui.questions.cells import Place
from tui.ranked.tables import caveats
from tui.screens.board import tables as board_tables

SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.boards["lr"] = a_table()
    return arena


async def opened(pilot) -> None:
    await pilot.press("3")
    await until(pilot, lambda: pilot.app.screen.MODE == "board")
    await at_rest(pilot)


def table_lines(app) -> list[str]:
    lines, grid = screen_text(app).splitlines(), app.screen.query_one("#board")
    start = next((i for i, line in enumerate(lines) if " model " in line and " mean" in line), len(lines))
    return [line.strip(" ▌│") for line in lines[start + 1 :][: len(grid.shown)]]


@pytest.mark.parametrize("size", SIZES)
async def test_the_papers_layout_with_own_and_paper_rows(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: len(table_lines(app)) == 3)
        assert [line.split()[0] for line in table_lines(app)] == ["mini", "Printed", "other"]
        await until(pilot, lambda: table_lines(app)[0].split()[1] == "1")
        mini, printed, other = ([*line.split()] for line in table_lines(app))
        assert mini[:8] == ["mini", "1", ".900", "[.850", ".950]", ".800", "[.750", ".850]"]
        assert printed[:5] == ["Printed", "p2", ".800", ".700", ".750"]
        assert [line[line.index(mean) + 1] for line, mean in ((mini, ".850"), (other, ".650"))] == [
            "above",
            "below",
        ]
        assert other[1] == "2"


async def test_the_cursor_starts_on_ones_own_best_row(arena):
    arena.boards["lr"] = replace(
        a_table(), rows=tuple(reversed(a_table().rows)), unlike=Unlike(texts=("tall",))
    )
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "▌other" in screen_text(app))
        await shows(pilot, "texts for some rows of tall")
        await pilot.press("k")
        await until(pilot, lambda: "▌Printed" in screen_text(app))
        arena.boards["lr"] = replace(arena.boards["lr"], unlike=Unlike(texts=("small",)))
        arena.version += 1
        await until(pilot, lambda: "texts for some rows of small" in screen_text(app))
        await shows(pilot, "▌Printed")


async def test_each_row_has_its_interval_on_one_axis(arena):
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "mean AUC, 95 % interval" in screen_text(app))
        await until(pilot, lambda: "─●─" in table_lines(app)[0])
        assert "○" in table_lines(app)[1]  # nothing but the mean is known of it
        assert "─○" not in table_lines(app)[1]
        await pilot.press("l", "l", "s")
        await until(pilot, lambda: "tall AUC, 95 % interval" in screen_text(app))
        await until(pilot, lambda: "─●─" in table_lines(app)[0])


async def test_of_250_models_and_20_tasks_the_means_come_first(arena):
    tasks = tuple(f"task-{number}" for number in range(20))
    arena.boards["lr"] = replace(
        a_table(),
        tasks=tasks,
        rows=tuple(
            RankRow(
                f"model-{n}",
                "own",
                dict.fromkeys(tasks, 0.9 - n / 1000),
                dict.fromkeys(tasks, 0.01),
                dict.fromkeys(tasks, n + 1.0),
                dict.fromkeys(tasks, 10),
                {},
                0.9 - n / 1000,
                n + 1.0,
            )
            for n in range(250)
        ),
    )
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "▌model-0" in screen_text(app))
        await until(pilot, lambda: table_lines(app)[0].split()[2] == "1")
        assert table_lines(app)[0].split()[:4] == ["model-0", ".900", "1", ".900"]
        await pilot.press("G", *["l"] * 23)
        await until(pilot, lambda: "▌model-249" in screen_text(app) and " 19 " in screen_text(app))


async def test_the_table_fills_in_place_while_a_run_goes_on(arena):
    arena.boards["lr"] = a_table(n=3)
    arena.status = a_status()
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: ".900◐" in screen_text(app))
        await pilot.press("j", "j")
        arena.boards["lr"] = a_table(auc=0.65)
        arena.version += 1
        await until(pilot, lambda: table_lines(app)[2].startswith("mini"))
        await shows(pilot, "▌other")


async def test_failed_splits_are_seen(arena):
    arena.boards["lr"] = a_table(n=9, failed=1)
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: ".900✗" in screen_text(app))
        await pilot.press("l", "l")
        await until(pilot, lambda: "9 splits 1 failed" in " ".join(screen_text(app).split()))


async def test_an_empty_board_says_what_to_do():
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "Nothing is ranked under this protocol yet" in screen_text(app))
        await shows(pilot, "1   plan a run of it")


@presses("board.next", "board.previous")
async def test_brackets_go_through_the_protocols(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("right_square_bracket")
        await until(
            pilot,
            lambda: "rf Random forest" in screen_text(app) and "Nothing is ranked" in screen_text(app),
        )
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "lr Logistic" in screen_text(app) and "mini" in screen_text(app))


@pytest.mark.parametrize(
    ("written", "arm"),
    [
        ("lr", Arm("lr")),
        ("corrected", Arm("lr", "corrected")),
        ("lr corrected text=summary@1a2b3c4d", Arm("lr", "corrected", "summary@1a2b3c4d")),
        ("lr text=summary@1a2b3c4d", Arm("lr", "corrected", "summary@1a2b3c4d")),
        ("lr text='template:{symbol} is {name}'", Arm("lr", text="template:{symbol} is {name}")),
        ("rf", Arm("rf")),
        ("lr scheme=chromosome", Arm("lr", scheme="chromosome")),
        ("rf corrected", None),
        ("lr '", None),
    ],
)
def test_a_table_is_named_as_it_is_written_or_by_words_of_it(written, arm):
    others = ("lr corrected", "lr corrected text=summary@1a2b3c4d", "lr scheme=chromosome", "lr", "rf")
    arms = [*map(Arm.parse, others), Arm("lr", text="template:{symbol} is {name}")]
    tables = {Table(one, task_set): 1 for task_set in ("paper", "own") for one in arms}
    for task_set in ("paper", "own"):
        assert board_tables.meant(tables, written, task_set) == (arm and Table(arm, task_set))


def test_a_set_is_named_among_the_words_of_a_table():
    lr, rf = Table(Arm("lr")), Table(Arm("rf"), "own")
    tables = {lr: 1, rf: 1}
    assert [board_tables.meant(tables, word) for word in ("own", "rf", "rf set=own", "lr set=own")] == [
        rf,
        rf,
        rf,
        None,
    ]


def test_a_protocol_with_other_splits_only_keeps_the_papers_table():
    folds, papers = Table(Arm("lr", scheme="cv-10x10")), Table(Arm("lr"))
    tables = board_tables.tables_of({folds: 100, Table(Arm("rf")): 10})
    assert list(tables)[:3] == [papers, folds, Table(Arm("rf"))]
    assert tables[papers] == 0
    assert board_tables.first(tables, None) == folds


def test_the_first_table_is_of_the_runs_splits():
    folds, papers = Table(Arm("rf", scheme="cv-10x10")), Table(Arm("rf"))
    tables = {Table(Arm("lr")): 10, papers: 10, folds: 5}
    for scheme, table in (("cv-10x10", folds), ("paper", papers)):
        status = a_status(selection={"protocols": ["rf"], "scheme": scheme})
        assert board_tables.first(tables, status) == table


async def test_cross_validation_has_a_table_of_its_own_without_the_papers_rows(arena):
    arena.boards["lr"] = folds_table(100)
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press(*":board lr scheme=cv-10x10", "enter")
        await until(pilot, lambda: "splits cv-10x10" in screen_text(app))
        await until(pilot, lambda: "A single own model on 100 splits each:" in screen_text(app))
        await pilot.press("o")
        await until(pilot, lambda: "What was published is of the paper's splits" in told(app))


@pytest.mark.parametrize(("splits", "said"), [(10, "So far 10 of the 100 splits of cv-10x10."), (100, "")])
def test_it_is_said_how_many_folds_there_are(splits, said):
    assert "".join(caveats(folds_table(splits))) == said


def folds_table(splits: int) -> Rankings:
    row = RankRow(
        "mini", "own", {"tall": 0.9}, {"tall": 0.03}, {"tall": 1.0}, {"tall": splits}, {"tall": 0}, 0.9, 1.0
    )
    return Rankings(Table(Arm("lr", scheme="cv-10x10")), ("tall",), (row,), splits, 1)


async def test_the_first_table_is_the_runs_own(arena):
    arena.boards["rf"] = a_table()
    arena.status = a_status(selection={"protocols": ["rf"]})
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: app.pulse.status is not None)
        await opened(pilot)
        await until(pilot, lambda: "rf Random forest" in screen_text(app))


def own_table(task: str):
    """A table of one task of one's own."""
    [mini, other, _] = a_table().rows
    rows = tuple(
        replace(row, auc={task: 0.7}, rank={task: 1.0}, n={task: 10}, failed={}, sd={})
        for row in (mini, other)
    )
    return replace(a_table(), tasks=(task,), rows=rows)


@presses("board.set")
async def test_a_key_goes_through_the_sets_of_tasks(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("t")
        await until(pilot, lambda: "Nothing of another set of tasks is scored yet." in told(app))
        arena.boards |= {"lr set=own": own_table("toy"), "rf set=mine": own_table("tall")}
        arena.version += 1
        await until(pilot, lambda: len(app.screen._tables) > 7)
        await until(pilot, lambda: "preset paper  text facts  set paper t" in screen_text(app))
        await until(pilot, lambda: "Printed" in screen_text(app))
        await pilot.press("t")
        await until(pilot, lambda: "set own" in screen_text(app) and " toy " in screen_text(app))
        await until(pilot, lambda: "1/1 ] by mean" in screen_text(app))
        assert "Printed" not in screen_text(app)
        await pilot.press("right_square_bracket", "t")  # there is one table of own, and lr is not in mine
        await until(pilot, lambda: "rf Random" in screen_text(app) and "set mine" in screen_text(app))
        await pilot.press("t")
        await until(pilot, lambda: "rf Random" in screen_text(app) and "set paper" in screen_text(app))


async def test_after_a_run_of_ones_own_genes_the_board_shows_their_table_once(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await shows(pilot, "Printed")
        await pilot.press("1")
        arena.boards["lr set=own"] = own_table("toy")
        arena.status = a_status("finished", selection={"protocols": ["lr"], "tasks": ["toy"]})
        arena.version += 1
        await until(pilot, lambda: app.pulse.store == arena.version and app.pulse.status is not None)
        await opened(pilot)
        await until(pilot, lambda: "set own t" in screen_text(app) and " toy " in screen_text(app))
        await pilot.press("t")
        await until(pilot, lambda: "set paper t" in screen_text(app) and "Printed" in screen_text(app))
        await pilot.press("1")
        arena.version += 1
        await until(pilot, lambda: app.pulse.store == arena.version)
        await opened(pilot)
        await shows(pilot, "set paper t")


async def test_a_set_is_gone_to_by_name(arena):
    arena.boards["lr set=own"] = own_table("toy")
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("colon", *"set mine", "enter")
        await until(pilot, lambda: "Nothing of a set 'mine' is scored yet" in told(app))
        assert "there are paper, own" in told(app)
        await pilot.press("colon", *"set own", "enter")
        await until(pilot, lambda: "set own" in screen_text(app) and " toy " in screen_text(app))
        assert app.screen.shown_table().name == "board-own-lr"


async def test_the_first_table_of_a_run_of_ones_own_task_is_of_its_set(arena):
    arena.boards["lr set=own"] = own_table("toy")
    arena.status = a_status(selection={"protocols": ["lr"], "tasks": ["toy"]})
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: app.pulse.status is not None)
        await opened(pilot)
        await until(pilot, lambda: "set own" in screen_text(app))


async def test_what_lacks_a_task_of_the_set_is_named(arena):
    table = a_table()
    mini = table.rows[0]
    rows = (replace(mini, auc={"tall": 0.9}, n={"tall": 10}, mean=None, mean_rank=None), *table.rows[1:])
    arena.boards["lr"] = replace(table, rows=rows)
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        lacks = "No mean and no overall rank without every task: mini lacks small."
        await until(pilot, lambda: lacks in " ".join(screen_text(app).split()))


@presses("board.reverse", "grid.right", "grid.left")
async def test_sorting_by_a_column_and_turning_it_round(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: len(table_lines(app)) == 3)
        await pilot.press("l", "h", "s")
        await until(pilot, lambda: "by model" in screen_text(app))
        assert [line.split()[0] for line in table_lines(app)] == ["mini", "other", "Printed"]
        await pilot.press("S")
        await until(
            pilot, lambda: [line.split()[0] for line in table_lines(app)] == ["Printed", "other", "mini"]
        )
        await pilot.press("s")
        await until(pilot, lambda: "by mean" in screen_text(app))


async def test_the_splits_are_there_once_fewer_rows_leave_room_for_them(arena):
    table = arena.boards["lr"]
    printed = tuple(replace(table.rows[2], model=f"Printed {i}") for i in range(12))
    arena.boards["lr"] = replace(table, rows=(*table.rows[:2], *printed))
    app = make_app(arena)
    async with drive(app, (80, 24)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "Printed 1" in screen_text(app))
        assert "AUC by seed" not in screen_text(app)
        await pilot.press("o", "o")
        await until(pilot, lambda: "AUC by seed" in screen_text(app))
        await until(pilot, lambda: "41   42   43" in screen_text(app))


@presses("board.references")
async def test_published_rows_can_be_hidden(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "Printed" in screen_text(app))
        await pilot.press("o", "o")
        await until(pilot, lambda: "Printed" not in screen_text(app))
        await pilot.press("o")
        await until(pilot, lambda: "Printed" in screen_text(app))


async def test_a_locked_file_leaves_the_old_numbers_and_says_so(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: ".900" in screen_text(app))
        arena.broken["rankings"] = StoreBusy("The database is held by harlequin (PID 7).")
        arena.version += 1
        await until(
            pilot, lambda: "Not up to date: The database is held by harlequin (PID 7)." in screen_text(app)
        )
        await shows(pilot, ".900")
        del arena.broken["rankings"]
        await until(pilot, lambda: "Not up to date" not in screen_text(app))


async def test_the_cell_under_the_cursor_is_told_in_full(arena):
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "rank 1 of 2 own, may be the best" in screen_text(app))
        await pilot.press("l", "l")
        cell = "mini  tall .900 [.850, .950]  SD .031 between splits  10 splits"
        await until(pilot, lambda: cell in screen_text(app))
        assert "rank 1 of" not in screen_text(app)  # it is that of the mean
        await pilot.press("j")
        await until(pilot, lambda: "Printed  tall .800  printed, rank 2" in screen_text(app))


@presses("board.matrix", "board.hole", "board.run")
async def test_holes_of_the_matrix_are_gone_to_and_run(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await until(pilot, lambda: "M shows the matrix" in told(app))
        await pilot.press("M")
        await until(pilot, lambda: "maxi" in screen_text(app))
        line = next(line for line in screen_text(app).splitlines() if line.strip(" ▌").startswith("maxi"))
        assert line.split()[-2:] == [".", "."]
        await pilot.press("n")
        await until(pilot, lambda: "maxi has nothing on tall yet; r runs it" in screen_text(app))
        await pilot.press("r")
        await until(pilot, lambda: "cannot be run: maxi is not on this machine" in told(app))
        await pilot.press("g", "r")
        await until(pilot, lambda: "Run mini / tall / lr?" in screen_text(app))
        await shows(pilot, "10 units to run, 0 done. about 42 s")
        await pilot.press("enter")
        await until(pilot, lambda: bool(arena.launched))
        chosen = arena.launched[0]
        assert (chosen.models, chosen.tasks, chosen.protocols) == (("mini",), ("tall",), ("lr",))
        await pilot.press("M")
        await until(pilot, lambda: "Printed" in screen_text(app))


async def test_a_printed_row_runs_the_catalogs_model_of_that_name(arena):
    chosen = arena.selection_of(Place("e5-small", "tall", Arm("lr", "paper scaling=l2")))
    assert chosen.models == ("e5-small",)
    assert chosen.axes == {"scaling": "l2"}
    with pytest.raises(UsageError, match="came from a file"):
        arena.selection_of(Place("e5-small", "tall", Arm("lr", text="summary@12345678")))


async def test_a_cell_with_texts_from_a_file_says_why_it_has_no_command(arena):
    arena.boards = {"lr": replace(a_table(), table=Table(Arm("lr", text="summary@1a2b3c4d")))}
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("y")
        await until(pilot, lambda: "Its command needs --descriptions" in screen_text(app))
        assert "the command for it" not in screen_text(app)


async def test_the_matrix_has_what_was_brought_in_since_it_was_opened(arena):
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("M")
        await until(pilot, lambda: "maxi" in screen_text(app))
        await pilot.press("1")
        arena.models.append(replace(arena.models[0], name="imported"))
        await pilot.press("3")
        await until(pilot, lambda: "imported" in screen_text(app))
        await pilot.press("M")
        arena.task_infos.append(replace(arena.task_infos[0], name="added"))
        arena.task_infos.append(replace(arena.task_infos[0], name="foreign", paper_task=""))
        await pilot.press("M")
        await until(pilot, lambda: "added" in screen_text(app))
        assert "foreign" not in screen_text(app)  # it is in another set


async def test_a_done_cell_is_not_run_again(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        selection = arena.selection_of(Place("mini", "tall", Arm("lr")))
        arena.done = {unit.key for unit in arena.plan(selection).units}
        await pilot.press("r")
        await until(pilot, lambda: "is done: 10 splits, 0 failed." in told(app))
        assert arena.launched == []


@pytest.mark.parametrize("suffix", [".csv", ".tex", ".md", ".json", ".parquet"])
async def test_the_table_is_written_with_its_numbers_apart(arena, tmp_path, suffix):
    app = make_app(arena)
    path = tmp_path / f"table{suffix}"
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: len(table_lines(app)) == 3)
        await pilot.press("slash", *"!other", "enter")
        await pilot.press("colon")
        paste(pilot, f"export {path}")
        await pilot.press("enter")
        await until(pilot, lambda: f"Wrote 2 rows to {path}." in told(app))
    if suffix == ".csv":
        lines = path.read_text().splitlines()
        assert lines[0].startswith(
            "task_set,protocol,preset,text,scheme,model,source,control,tall auc,tall low,"
        )
        assert lines[0].endswith("mean failed,mean first,mean last,mean letters,mean leading")
        assert lines[1].startswith("paper,lr,paper,facts,paper,mini,own,False,0.9,0.85,0.95")
        assert len(lines) == 3
    if suffix == ".tex":
        assert "model & tall & small & mean & place & of paper's" in path.read_text()
        assert "\\textbf{.900 [.850, .950]} & \\textbf{.800 [.750, .850]}" in path.read_text()
        assert "Printed (paper) & .800 & .700 & .750 &  & (2)" in path.read_text()


async def test_a_file_that_cannot_be_written_is_a_sentence(arena, tmp_path):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: len(table_lines(app)) == 3)
        await pilot.press("colon")
        paste(pilot, f"export {tmp_path}/table.doc")
        await pilot.press("enter")
        await until(pilot, lambda: "The format of" in screen_text(app))


async def test_with_ascii_places_and_intervals_are_drawn_with_ascii(arena):
    app = make_app(arena, ascii=True)
    async with drive(app, (200, 60)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "rank 1 of 2 own" in screen_text(app))
        assert screen_text(app).isascii()
