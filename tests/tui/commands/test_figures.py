"""`genearena export figure`, and what figures are drawn from."""

from __future__ import annotations

import pytest
from small_home import MODEL

from engine.stats.reliability import wilson
from store import connect
from store.arm import Arm
from store.errors import UsageError
from tui.figures.cells import Learning, calibrated
from tui.figures.write import write_cell
from tui.questions.cells import Place
from tui.questions.saved import SavedResults

pytest.importorskip("matplotlib")


def test_what_is_drawn_says_its_scale_n_and_uncertainty_and_is_the_same_each_time(filled, call, tmp_path):
    said = {
        "roc": ("false positive rate", "true positive rate", "chance", "AUC 0.", "lowest to highest split"),
        "pr": ("recall", "AUPRC", "chance: the share of the class"),
        "forest": ("AUC with 95 % interval", "chance", "As printed (other splits)"),
        "heatmap": ("all-MiniLM-L6-v2", "bold: the best of your own", "0.85"),
        "calibration": ("perfect", "Brier score 0."),
    }
    for kind, words in said.items():
        drawn = []
        for name in ("one.svg", "two.svg"):
            done = call("export", "figure", kind, "--out", str(tmp_path / name), "--force")
            assert (done.exit_code, done.stdout) == (0, ""), done.output
            drawn.append((tmp_path / name).read_text())
        assert drawn[0] == drawn[1]
        assert "dc:date" not in drawn[0]
        # matplotlib draws type as outlines, and says beside each what it says.
        text = "".join(part.partition("-->")[0] for part in drawn[0].split("<!--"))
        assert [word for word in words if word not in text] == [], kind


def test_a_cell_is_drawn_for_print_from_whichever_table_its_task_is_in(filled, tmp_path):
    arm = Arm("lr")
    results = SavedResults(filled.home)
    for kind, word in (("roc", "AUC 0."), ("pr", "AUPRC"), ("calibration", "Brier score")):
        written = write_cell(
            results, kind, Place(MODEL, "dosage-sensitivity", arm), f"{tmp_path}/{kind}.svg"
        )
        assert word in written.read_text()
    with pytest.raises(UsageError, match="no results of mini in tall"):
        write_cell(results, "roc", Place("mini", "tall", arm), f"{tmp_path}/none.svg")
    with pytest.raises(UsageError, match="no model with results here named 'mini'"):
        write_cell(results, "roc", Place("mini", "dosage-sensitivity", arm), f"{tmp_path}/none.svg")
    assert not (tmp_path / "none.svg").exists()


def test_in_pdf_text_stays_text_and_a_width_is_kept(filled, call, tmp_path):
    path = tmp_path / "roc.pdf"
    task = ("--task", "task2", "--width", "100")
    assert call("export", "figure", "roc", "-o", str(path), *task).exit_code == 0
    content = path.read_bytes()
    assert b"/CIDFontType2" in content
    assert b"/Type3" not in content
    assert f"/MediaBox [ 0 0 {100 / 25.4 * 72:.2f}"[:-1].encode() in content
    assert "is there already" in call.refused("export", "figure", "roc", "-o", str(path), *task)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rox",), "Did you mean 'roc'?"),
        (("roc", "--out", "roc.txt"), ".svg, .pdf, .png"),
        (("roc", "--out", ""), "names no file"),
        (("roc", "--model", "mini"), "no model with results here named 'mini'"),
        (("roc", "--width", "wide"), "single, double"),
        (("curves",), "Nothing is fine-tuned yet"),
        (("curves",), "genearena run --protocols finetune"),
        (("curves", "--protocol", "lr"), "has no learning curve"),
        (("map",), "No vector of all-MiniLM-L6-v2"),
        (("map", "--method", "som"), "no kind of map named 'som'"),
    ],
)
def test_where_nothing_can_be_drawn_it_says_why(filled, call, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert words in call.refused("export", "figure", *arguments)
    assert list(tmp_path.glob("*.*")) == []


def test_groups_of_a_calibration_have_all_tests_once(filled):
    with connect(filled.home) as con:
        found = calibrated(con, Place("all-MiniLM-L6-v2", "dosage-sensitivity", Arm("lr")), 2)
    assert [(group.tests, group.genes, group.score, group.share) for group in found.groups] == [
        (2, 1, 0.25, 0.0),
        (2, 1, 0.875, 1.0),
    ]
    assert found.brier == pytest.approx((0.25**2 + 0.125**2) / 2)
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)  # Newcombe 1998, table


def test_the_first_of_the_best_epochs_was_kept_or_the_last_where_nothing_picks():
    losses = [(1, 0.5), (2, 0.4), (3, 0.3)]
    assert Learning(41, 1, losses, [(1, 0.7), (2, 0.9), (3, 0.9)]).kept == 2
    assert Learning(41, 2, losses, []).kept == 3
