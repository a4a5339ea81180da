"""`genearena genes`."""

from __future__ import annotations

from small_home import HOSTILE, MODEL

from store import connect
from tui.questions.hardest import hardest, told_of


def test_the_hardest_gene_comes_first_and_no_name_steers_the_terminal(filled, call):
    done = call("genes", "--task", "task2")
    first, _, row, _ = done.stdout.splitlines()
    assert first == "dosage-sensitivity: the hardest of 2 tested genes; 0 of them surely wrong"
    assert row.split()[0] == "AAA"
    assert row.split()[2:] == [".250", ".000", "4", "0", "of", "1", "right"]
    assert "\x1b" not in done.stdout
    found = call.json("genes", "--task", "task2", "--most", "1", "--protocol", "lr")
    [gene] = found["dosage-sensitivity"]
    assert (gene["gene"], gene["class"], gene["error"], gene["tests"]) == (
        "AAA",
        "dosage-insensitive",
        0.25,
        2,
    )
    with connect(filled.home) as con:
        assert [one.gene for one in hardest(con, "dosage-sensitivity")] == ["AAA", HOSTILE]
        [*_, last] = told_of(con, HOSTILE, "")
        assert (last.model, last.tests.error, last.tests.verdict) == (MODEL, 0.125, "right")


def test_one_gene_is_told_of_in_every_task_by_whatever_name(filled, call):
    done = call("genes", "sox2")
    assert done.stderr == "sox2 is SOX2 here (approved symbol in other case).\n"
    for words in ("SOX2  SRY-box 2", "NCBI 6657", "long-range", "in no test set yet", "The vector of"):
        assert words in done.stdout
    found = call.json("genes", "SOX2")
    assert found["classes"] == [{"task": "long-vs-short-tf", "class": "long-range"}]
    assert found["tests"] == []
    assert "Did you mean 'TP53'" in call.refused("genes", "p53x")


def test_before_a_run_there_is_a_sentence(call):
    assert call("genes").stderr == "Nothing is scored yet; `genearena run` does it.\n"
