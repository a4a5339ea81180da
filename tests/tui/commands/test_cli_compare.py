"""`compare` and `power`: what is said of two rows, and how they are named."""

from __future__ import annotations

import shutil

import judged_home
import pytest
from judged_home import TASKS

from store.home import find_home
from tui.ranked.figures import change

SKILLS = {"good": 2.5, "fair": 2.2, "poor": 0.2}


@pytest.fixture(scope="module")
def judged_once(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("judged") / "home")
    judged_home.fill(home, SKILLS, TASKS[2:])
    judged_home.fill(home, {"good": 2.5}, TASKS[2:], protocol="rf", seeds=range(41, 44))
    return home


@pytest.fixture
def judged(home, judged_once):
    shutil.copytree(judged_once.data.parent, home.data.parent)
    return home


def test_two_models_side_by_side(judged, call):
    text = call("compare", "good", "poor").stdout
    place = "Logistic regression (lr), set paper, preset paper, text facts"
    assert f"A  good  {place}\nB  poor  {place}\n" in text
    assert "differ in" not in text
    assert "In the mean of 2 tasks: A better, A - B +" in text
    rows = {line.split()[0]: line for line in text.splitlines() if "[+" in line and "A - B" not in line}
    assert set(rows) == {TASKS[2], TASKS[3], "mean"}
    assert rows["mean"].endswith("A better")
    assert "A better by more than .01 with probability 1.000" in text
    assert "On 10 splits a task." in text
    assert "Nadeau and Bengio 2003" in text


def test_the_numbers_as_json_are_those_that_are_shown(judged, call):
    found = call.json("compare", "good", "fair")
    assert found["first"]["model"] == "good"
    assert found["unlike"] == []
    mean = found["mean"]
    assert mean["verdict"] == "cannot be told apart with these splits"
    assert f" {change(mean['difference'])} [" in call("compare", "good", "fair").stdout
    low, high = mean["interval"]
    assert f"[{change(low)}, {change(high)}]" in call("compare", "good", "fair").stdout
    assert low < mean["difference"] < high
    assert sum(mean["probabilities"].values()) == pytest.approx(1)


def test_a_side_may_name_its_table_and_what_differs_is_said(judged, call):
    text = call("compare", "good lr", "good rf").stdout
    assert "The two differ in protocol; the model is the same." in text
    assert (
        "The two differ in protocol, not in the model alone."
        in call("compare", "fair lr", "good rf").stdout
    )
    assert "On 3 splits a task. Preliminary: 5 are the least to go by." in text
    assert f"{TASKS[2]}: on 3 of 10 splits, those that both have." in text
    assert "identical scores" in text


def test_the_protocol_can_be_named_for_both(judged, call):
    assert (
        "A  good  Random forest (rf), set paper"
        in call("compare", "good", "good lr", "--protocol", "rf").stdout
    )
    assert "'nb'" in call.refused("compare", "good", "fair", "--protocol", "nb")


def test_a_side_that_is_not_there_is_one_sentence(judged, call):
    assert "named 'goood'" in call.refused("compare", "goood", "fair")
    assert "'good rf-cv'" not in call.refused("compare", "good rf-cv", "fair")
    assert "with itself" in call.refused("compare", "good", "good")
    assert "names no row" in call.refused("compare", "", "good")
    assert "names no row" in call.refused("compare", "'", "good")


def test_without_results_it_says_how_to_have_some(home, call):
    for name in ("compare", "power"):
        assert "no results" in call.refused(name, "a", "b", code=3)


def test_power_says_what_it_takes(judged, call):
    text = call("power", "good", "fair").stdout
    assert "no number" in text
    assert "what it would take to find a difference of 0.02" in text
    wide = call.json("power", "good", "fair", "--difference", "0.5")["requirements"]
    assert {one["splits"] for one in wide.values()} == {1}
    narrow = call.json("power", "good", "fair")["requirements"]
    for name, needed in narrow.items():
        assert needed["detectable"] > needed["floor"] > 0.02
        assert needed["splits"] is None
        assert needed["genes"] > wide[name]["genes"] == 1
    assert call("power", "good", "fair", "--difference", "0").exit_code == 2


def test_identical_rows_need_nothing_and_say_so(home, call):
    judged_home.fill(home, {"good": 2.5}, TASKS[3:])
    judged_home.fill(home, {"good": 2.5}, TASKS[3:], protocol="rf")
    assert "identical scores" in call("compare", "good lr", "good rf").stdout
    assert call("power", "good lr", "good rf").exit_code == 0
