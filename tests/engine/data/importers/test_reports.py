"""A report is the JSON that the standard library would write with an indent of one."""

from __future__ import annotations

import json
from dataclasses import asdict

from engine.data.importers.labels import ImportReport
from engine.data.importers.reports import report_text
from engine.data.importers.vector_report import Coverage, VectorReport
from engine.files.vectors import LeftOut


def test_a_report_is_written_as_json_writes_it_with_an_indent() -> None:
    labels = ImportReport(
        name="mine",
        folder="/x",
        kind="table",
        classes=("a\nb", 'it is "c"'),
        counts=(3, 4),
        used=(2, 4),
        steps={"alias": 2, "not mapped": 1},
        unresolved=(),
        kept=("É", "two, three", "\u2028"),
        ambiguous={"CT45-2": ("CT45A2", "CT45A3")},
        notes=("One.",),
    )
    vectors = VectorReport(
        name="v",
        path="/v",
        total=3,
        genes=2,
        dimension=4,
        repeated=0,
        zero=("A",),
        shared=0,
        renamed=0,
        coverage=(Coverage("mine", "a", 3, 2), Coverage("mine", "b", 3, 1)),
        left_out=(LeftOut("x", "a name"),),
        nameless=(4, 5),
    )
    for report in (labels, vectors):
        assert report_text(report) == json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n"
