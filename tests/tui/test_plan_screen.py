from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from fake_arena import FakeArena, a_status, at_rest, drive, make_app, screen_text, shows, told, until
from pressing import presses

from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.errors import DataError, StoreBusy, UsageError
from store.home import find_home
from store.provenance import TaskSet
from store.store import Store
from tui.questions.arena import Arena
from tui.questions.saved import Past
from tui.screens.plan.cost import LOADING, Tally, estimate
from tui.screens.plan.sum import summary

SIZES = [(80, 24), (200, 60)]


def counted(app) -> bool:
    return "to run" in screen_text(app)


@pytest.fixture
def arena():
    return FakeArena()


@presses("plan.launch")
@pytest.mark.parametrize("size", SIZES)
async def test_one_enter_starts_what_is_chosen_already(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "enter runs the 80" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(arena.launched))
        chosen = arena.launched[0]
        assert chosen.models == ("mini",)
        assert chosen.tasks == ("tall", "small")
        assert chosen.protocols == ("lr", "rf", "lr-cv", "rf-cv")
        assert chosen.seeds == tuple(range(41, 51))
        await until(pilot, lambda: app.screen.MODE == "runs")


@pytest.mark.parametrize("size", SIZES)
async def test_the_sum_tells_done_to_run_blocked_and_time(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await until(pilot, lambda: counted(app))
        plan = arena.plan(app.screen.selection)
        arena.done = {unit.key for unit in plan.units[:30]}
        arena.failed_keys = {plan.units[31].key}
        await pilot.press("j", "space")
        await until(pilot, lambda: "blocked" in screen_text(app) and "2 models" in screen_text(app))
        await until(pilot, lambda: "30 done" in screen_text(app) and "runs the 49" in screen_text(app))
        text = screen_text(app)
        assert "= 160 units" in text
        assert "49 to run" in text
        assert "1 failed before" in text
        assert "80 blocked" in text
        assert "╌ 80 units of maxi: maxi is not on this machine" in text
        assert "about 3 min" in text
        assert ("disk 2 MiB" in text and "86 MiB or more of" in text) == (size[0] > 80)


@pytest.mark.parametrize(("protocols", "copies"), [(("lr", "lora"), 1), (("lr", "finetune"), 4)])
def test_the_memory_is_that_of_the_protocol_that_takes_most(arena, protocols, copies):
    plan = arena.plan(Selection(("mini",), ("tall",), protocols, (41,)))
    assert estimate(plan, Past(), {}).memory == copies * 4 * 22_700_000


async def test_a_runner_that_does_not_start_is_told(arena, monkeypatch):
    monkeypatch.setattr("tui.screens.plan.reading.PATIENCE", 1)
    arena.broken["runner"] = RuntimeError()
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("enter")
        await until(pilot, lambda: "The runner did not start." in screen_text(app))
        assert app.screen.hint == arena.runner_error().hint


async def test_keys_answer_while_the_units_are_being_counted(arena):
    app = make_app(arena)
    arena.gate.clear()
    async with drive(app) as pilot:
        await until(pilot, lambda: "Counting" in screen_text(app))
        await pilot.press("j", "space")
        await shows(pilot, "Models 2 of 2")
        arena.gate.set()
        await until(pilot, lambda: "80 blocked" in screen_text(app))


async def test_what_is_launched_while_it_is_counted_starts_then(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        arena.gate.clear()
        await pilot.press("j", "space", "enter")
        await until(pilot, lambda: "The choice is being counted; then it starts." in told(app))
        assert arena.launched == []
        arena.gate.set()
        await until(pilot, lambda: bool(arena.launched))
        assert arena.launched[0].models == ("mini", "maxi")
        await until(pilot, lambda: app.screen.MODE == "runs")
        assert len(arena.launched) == 1


@pytest.mark.parametrize("change", ["space", "2"])
async def test_a_launch_is_not_for_a_later_choice_nor_for_another_screen(arena, change):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        arena.gate.clear()
        await pilot.press("j", "space", "enter")
        await until(pilot, lambda: "The choice is being counted" in told(app))
        await pilot.press(change)
        arena.gate.set()
        await at_rest(pilot)
        await pilot.press("1")
        await until(pilot, lambda: counted(app))
        await at_rest(pilot)
        assert arena.launched == []


async def test_an_older_count_never_overwrites_a_newer_choice(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        arena.gate.clear()
        before = arena.calls["plan"]
        await pilot.press("j", "space")
        await until(pilot, lambda: arena.calls["plan"] > before)
        await pilot.press("space")
        arena.gate.set()
        await until(pilot, lambda: counted(app))
        assert "blocked" not in screen_text(app)
        await shows(pilot, "1 model ×")


@presses("pane.next", "pane.previous", "grid.none", "grid.all")
async def test_tab_goes_through_the_lists_and_nowhere_else(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await shows(pilot, "▌■ mini")
        await pilot.press("tab")
        await shows(pilot, "▌■ tall", "■ mini")
        await pilot.press("A")
        await until(pilot, lambda: "No tasks are chosen." in screen_text(app))
        await pilot.press("a")
        await until(pilot, lambda: "80 to run" in screen_text(app))
        await pilot.press(*["tab"] * 3)
        await shows(pilot, "▌■ mini")
        await pilot.press("shift+tab")
        await shows(pilot, "▌preset")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_all_that_is_chosen_is_in_sight_with_true_counts(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await until(pilot, lambda: counted(app))
        await shows(pilot, "■ mini", "■ tall", "■ lr", "preset", "41–50")
        if size[0] > 80:
            await shows(pilot, "29 : 29", "▶ 60 s")  # the latter in What will happen
        if size[0] > 160:
            await shows(
                pilot, "Cost", "Size and score", "What a model reads", "In the paper", "Genes shared"
            )


@presses("grid.mark")
async def test_the_preset_is_one_choice(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("space", "space", "tab", "tab", "tab", "space")
        await until(pilot, lambda: "Settings as corrected" in screen_text(app))
        await until(pilot, lambda: counted(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(arena.launched))
        assert arena.launched[0].preset == "corrected"


async def test_another_scheme_brings_its_own_seeds(arena):
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press(*["tab"] * 3, "j", "j")
        await until(pilot, lambda: "▌splits" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: "0–99" in screen_text(app))
        await until(pilot, lambda: "4 protocols × 100 seeds = 800 units" in screen_text(app))
        await shows(pilot, "Splits cv-10x10")
        await pilot.press("k", "space")
        await until(pilot, lambda: "4 protocols × 10 of 100 seeds = 80 units" in screen_text(app))
        await pilot.press("colon", *"seeds 95-105", "enter")
        await until(pilot, lambda: "cv-10x10 go from 0 to 99" in screen_text(app))
        await pilot.press("escape", "colon", *"seeds 10-19", "enter")
        await until(pilot, lambda: counted(app) and "10 of 100 seeds" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(arena.launched))
        assert (arena.launched[0].scheme, arena.launched[0].seeds) == ("cv-10x10", tuple(range(10, 20)))


async def test_back_at_the_papers_scheme_its_seeds_are_back(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("colon", *"scheme cv-10x10", "enter")
        await until(pilot, lambda: "0–99" in screen_text(app))
        await pilot.press("colon", *"scheme paper", "enter")
        await until(pilot, lambda: "41–50" in screen_text(app))


async def test_three_of_ten_seeds_take_a_key_on_their_row(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("shift+tab", "j", "space")
        await until(pilot, lambda: app.screen.selection.seeds == (41, 42, 43))
        await pilot.press("space", "space")
        await until(pilot, lambda: app.screen.selection.seeds == tuple(range(41, 51)))


async def test_the_choice_is_there_again_less_what_is_gone(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        assert arena.last is None
        await pilot.press("j", "space", "tab", "space")
        await until(pilot, lambda: arena.last is not None and arena.last.tasks == ("small",))
    arena.models = arena.models[1:]
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: app.screen.selection is not None)
        assert (app.screen.selection.models, app.screen.selection.tasks) == (("maxi",), ("small",))


async def test_a_task_imported_elsewhere_appears_by_itself(arena):
    arena.shelf = 1
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app) and app.pulse.shelf == 1)
        arena.task_infos.append(replace(arena.task_infos[0], name="theirs", paper_task=""))
        arena.shelf = 2
        await until(pilot, lambda: "□ theirs" in screen_text(app))


async def test_the_glance_tells_the_models_card_and_the_tasks_audit(arena):
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await until(pilot, lambda: "parameters    22,700,000" in screen_text(app))
        await until(pilot, lambda: "90 of 120 texts embedded" in screen_text(app))
        await pilot.press("tab")
        await until(pilot, lambda: "listed unique mapped text used" in screen_text(app))
        await shows(pilot, "short           40     40     40   40   39")


async def test_a_tasks_audit_follows_all_that_it_depends_on(arena):
    def told(name, selection):
        labels = selection.axes.get("labels", "as preset")
        raise DataError(f"{labels}, {len(selection.tasks)} chosen, {selection.descriptions[-8:]}.")

    arena.task = told
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("tab")
        await until(pilot, lambda: "as preset, 2 chosen, ." in screen_text(app))
        await pilot.press("colon", *"axis labels=clean", "enter")
        await until(pilot, lambda: "clean, 2 chosen, ." in screen_text(app))
        await pilot.press("colon", *"descriptions /mine.csv", "enter")
        await until(pilot, lambda: "clean, 2 chosen, mine.csv." in screen_text(app))
        await pilot.press("j", "space")
        await until(pilot, lambda: "clean, 1 chosen, mine.csv." in screen_text(app))


@presses("plan.step")
async def test_space_steps_an_axis_through_its_values(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press(*["tab"] * 3, *"jjjj")
        await until(pilot, lambda: "▌text" in screen_text(app))
        await pilot.press("j", "space")
        await until(pilot, lambda: "Settings labels=clean" in screen_text(app))
        await shows(pilot, "▌labels   clean")
        await until(pilot, lambda: counted(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(arena.launched))
        assert arena.launched[0].axes == {"labels": "clean"}


async def test_an_axis_back_at_the_presets_value_is_unset(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press(*["tab"] * 3, *"jjjjj", "space", "space", "space", "k", "space")
        await until(pilot, lambda: "Settings text" in screen_text(app))
        assert app.screen.selection.axes == {}
        assert app.screen.selection.text == "name"


@pytest.mark.parametrize(
    ("typed", "check"),
    [
        ("scheme cv-10x10", lambda chosen: (chosen.scheme, len(chosen.seeds)) == ("cv-10x10", 100)),
        ("seeds 1-3", lambda chosen: chosen.seeds == (1, 2, 3)),
        ("axis scaling=l2", lambda chosen: chosen.axes == {"scaling": "l2"}),
        ("text name", lambda chosen: chosen.text == "name"),
        ("param epochs=3", lambda chosen: chosen.params == {"epochs": "3"}),
        ("model e5-small-v2", lambda chosen: chosen.models == ("mini", "e5-small-v2")),
        ("task task2", lambda chosen: chosen.tasks[-1] == "dosage-sensitivity"),
    ],
)
async def test_what_is_not_in_a_list_is_typed(arena, typed, check):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("colon", *typed, "enter")
        await until(pilot, lambda: check(app.screen.selection))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("seeds x", "'x' is not a seed."),
        ("scheme cv-10", "Did you mean 'cv-10x10'?"),
        ("axis scaling", "'scaling' is not NAME=VALUE."),
        ("axis scale=l2", "Did you mean"),
    ],
)
async def test_what_is_typed_wrong_is_told(arena, typed, sentence):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("colon", *typed, "enter")
        await until(pilot, lambda: sentence in screen_text(app))


async def test_a_choice_is_kept_by_name_and_brought_back(tmp_path):
    arena = FakeArena(find_home(tmp_path))
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("A", "colon", *"save none", "enter")
        await until(pilot, lambda: ":load none brings it back" in told(app))
        await pilot.press("a")
        await until(pilot, lambda: "2 models" in screen_text(app))
        await pilot.press("colon", *"load nine", "enter")
        await until(pilot, lambda: "Did you mean 'none'?" in screen_text(app))
        await pilot.press("escape", "colon", *"load none", "enter")
        await until(pilot, lambda: "0 models" in screen_text(app))
        await pilot.press("a", "colon", *"load", "enter")
        await until(pilot, lambda: "tall, small; lr, rf, lr-cv, rf-cv; 10 seeds" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "0 models" in screen_text(app))


@presses("plan.set")
async def test_a_key_chooses_the_tasks_of_the_next_set(arena):
    arena.task_infos.append(replace(arena.task_infos[0], name="toy", paper_task=""))
    arena.sets = {"own": ("toy",), "empty": (), "mine": ("toy", "small")}
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: counted(app) and "set paper" in screen_text(app))
        for name, tasks in (("own", "toy"), ("mine", "small, toy"), ("paper", "tall, small")):
            await pilot.press("t")
            await until(pilot, lambda seen=f"set {name}": seen in screen_text(app))
            chosen = set(tasks.split(", "))
            await until(
                pilot, lambda chosen=chosen: counted(app) and set(app.screen.selection.tasks) == chosen
            )
        await pilot.press("tab", "A")
        await until(pilot, lambda: "Tasks 0 of 3" in screen_text(app))


async def test_a_set_is_chosen_by_name(tmp_path):
    arena = FakeArena(find_home(tmp_path).create())
    store = Store(arena.home)
    store.append(TaskSet("mine", ("small",), 1))
    store.close()
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("colon", *"set mine", "enter")
        await until(pilot, lambda: app.screen.selection.tasks == ("small",))
        await pilot.press("colon", *"set min", "enter")
        await until(pilot, lambda: "Did you mean 'mine'?" in screen_text(app))
        await pilot.press("escape", "colon", *"set own", "enter")
        await until(pilot, lambda: "The set own has no task" in screen_text(app))


@presses("plan.details", "notice.close")
async def test_details_open_over_the_screen(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("i")
        await until(pilot, lambda: "weights          87 MiB in fp32" in screen_text(app))
        await pilot.press(*["j"] * 20)
        await until(pilot, lambda: "on this machine  /models/mini" in screen_text(app))
        await pilot.press("enter")
        await pilot.press("tab")
        await pilot.press("i")
        await until(pilot, lambda: "listed unique" in screen_text(app))
        await until(pilot, lambda: "in both classes, left out" in screen_text(app))


@presses("filter", "filter.keep", "filter.clear", "back")
async def test_a_filter_narrows_the_list_and_esc_drops_it(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("slash", *"maxi")
        await until(pilot, lambda: "□ maxi" in screen_text(app))
        assert "■ mini" not in screen_text(app)
        await pilot.press("enter", "escape")
        await until(pilot, lambda: "■ mini" in screen_text(app))
        await pilot.press("slash", "m", "a", "down")
        await shows(pilot, "□ maxi")
        await pilot.press("slash", "escape")
        await until(pilot, lambda: "■ mini" in screen_text(app))


async def test_letters_typed_into_a_filter_start_nothing(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("slash", *"rqaAi123")
        await pilot.pause()
        assert app.is_running
        assert app.screen.MODE == "plan"
        assert arena.launched == []


async def test_a_key_that_would_do_nothing_says_why(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        arena.done = {unit.key for unit in arena.plan(app.screen.selection).units}
        await pilot.press("space", "space")
        await until(pilot, lambda: "All of it is done." in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Nothing of it is left to run" in told(app))
        assert arena.launched == []


async def test_a_selection_that_cannot_be_is_told_in_place(arena):
    arena.broken["plan"] = UsageError("There is no model named 'x'.", "Did you mean 'y'?")
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "There is no model named 'x'. Did you mean 'y'?" in screen_text(app))


@pytest.mark.parametrize("method", ["plan", "past", "measured"])
async def test_a_store_that_somebody_holds_is_told_in_place_and_counted_when_it_is_free(
    arena, method, monkeypatch
):
    monkeypatch.setattr("tui.screens.plan.screen.AGAIN", 0.1)
    arena.broken["past"] = arena.broken[method] = StoreBusy("PID 7 holds the database.")
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await until(pilot, lambda: "PID 7 holds the database." in screen_text(app))
        assert ("enter runs the 80" in screen_text(app)) == (method != "plan")
        before = arena.calls[method]
        await until(pilot, lambda: arena.calls[method] > before + 1)
        assert app.screen.MODE == "plan"
        arena.broken.clear()
        await until(pilot, lambda: "  disk " in screen_text(app))
        await until(pilot, lambda: "90 of 120 texts embedded" in screen_text(app))
        assert "PID 7" not in screen_text(app)


async def test_a_run_that_ended_is_counted_again(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "80 to run" in screen_text(app))
        arena.done = {unit.key for unit in arena.plan(app.screen.selection).units[:50]}
        arena.status = a_status("finished")
        await until(pilot, lambda: "30 to run" in screen_text(app))


async def test_a_run_that_goes_on_is_counted_while_plan_is_shown_and_on_return(arena, monkeypatch):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "enter runs the 80" in screen_text(app))
        units = arena.plan(app.screen.selection).units
        arena.status = a_status()
        await until(
            pilot,
            lambda: "enter queues the 80" in screen_text(app),
        )
        await pilot.press("2")
        arena.done = {unit.key for unit in units[:50]}
        await pilot.press("1")
        await until(pilot, lambda: "50 done" in screen_text(app))
        monkeypatch.setattr("tui.screens.plan.screen.AGAIN", 0.1)
        await pilot.press("j", "k", "2", "1")
        arena.done = {unit.key for unit in units[:60]}
        await until(pilot, lambda: "60 done" in screen_text(app))
        arena.done = {unit.key for unit in units[:70]}
        await until(pilot, lambda: "enter queues the 10" in screen_text(app))


async def test_what_is_launched_during_a_run_is_told_to_wait(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.MODE == "runs")
        assert "Queued" not in told(app)
        arena.status = a_status()
        await pilot.press("1", "enter")
        await until(pilot, lambda: "Queued; it follows the run that goes on." in told(app))
        assert app.screen.MODE == "runs"
        assert len(arena.launched) == 2


async def test_readonly_starts_nothing(arena):
    app = make_app(FakeArena(readonly=True))
    async with drive(app) as pilot:
        await until(pilot, lambda: "nothing can be started here" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "opened with --readonly" in told(app))
        assert app.screen.MODE == "plan"


async def test_a_sweep_queues_every_configuration_of_the_paper(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await pilot.press("colon", *"sweep", "enter")
        await until(pilot, lambda: len(arena.launched) == 21)
        assert {selection.protocols for selection in arena.launched} == {("finetune",)}
        assert arena.launched[0].params == {}
        arena.launched.clear()
        await pilot.press("colon", *"sweep warmup", "enter")
        await until(pilot, lambda: len(arena.launched) == 5)
        assert [selection.params.get("warmup") for selection in arena.launched] == [
            None,
            0.0,
            0.05,
            0.15,
            0.2,
        ]


def test_the_estimate_counts_loading_embedding_and_the_cores(tmp_path):
    home = find_home(tmp_path / "home").create()
    selection = Selection(("all-MiniLM-L6-v2",), ("dosage-sensitivity",), ("lr",), (41, 42, 43, 44))
    plan = build_plan(selection, home, {})
    name = "all-MiniLM-L6-v2"
    past = Past({(name, "lr"): 3.0}, None, {name: 0.02}, cores=4)
    assert estimate(plan, past, {}).seconds == LOADING + 3.0
    assert estimate(plan, past, {name: 100}).seconds == pytest.approx(LOADING + 3.0 + 2.0)
    assert estimate(plan, replace(past, text_seconds={}), {name: 100}).seconds is None
    assert estimate(plan, Past(), {}).seconds is None


def test_what_is_cached_need_not_be_embedded(tmp_path):
    home = find_home(tmp_path / "home").create()
    selection = Selection(("all-MiniLM-L6-v2",), ("dosage-sensitivity",), ("lr",), (41,))
    arena = Arena(home)
    plan = arena.plan(selection)
    texts = set(plan.tasks["dosage-sensitivity"].texts)
    assert arena.to_embed(plan) == {"all-MiniLM-L6-v2": len(texts)}
    assert arena.to_embed(replace(plan, done=frozenset(unit.key for unit in plan.units))) == {}


@presses("plan.controls")
async def test_controls_stand_beside_the_models_unless_a_key_says_otherwise(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: counted(app))
        await shows(pilot, "of controls")
        await pilot.press("c", "c")  # all, then none
        await until(pilot, lambda: "no controls" in screen_text(app))
        await until(pilot, lambda: counted(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(arena.launched))
        assert arena.launched[0].controls == "none"


@pytest.mark.parametrize(("controls", "said"), [("default", "+ 560 of controls"), ("none", "no controls")])
def test_the_controls_are_counted_also_where_no_time_is_known(controls, said):
    tasks = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")
    chosen = Selection(
        ("all-MiniLM-L6-v2",), tasks, ("rf", "lr-cv"), tuple(range(41, 51)), controls=controls
    )
    plan = SimpleNamespace(done=(), todo=range(640), failed=(), blocked=(), units=range(640))
    lines = summary(chosen, Tally(chosen, plan), False, False, 78)
    words = ["".join(text for text, _ in line) for line in lines]
    assert words[0].endswith("enter runs the 640")
    assert words[2] == f"✓ 0 done   ▶ 640 to run, time not known   {said}"
