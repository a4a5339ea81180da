"""From what was chosen of a label file to what is chosen next: a key each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.data.formats.choices import Choices
from engine.data.formats.quantity import sign_and_value
from engine.data.preview.numbers import step_of
from engine.data.preview.told import Preview
from store.errors import UsageError, nearest, unknown
from tui.widgets.wrong import Fault

FINE = 0.1
"""The share of a step that a small one is."""
_FLIPPED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def with_suggestion(choices: Choices, suggested: Mapping[str, str]) -> Choices:
    """The classes made of the column of numbers that was suggested."""
    return replace(
        choices,
        label_column="",
        positive="",
        label_from=suggested["label_from"],
        threshold=suggested["threshold"],
    )


def with_labels(choices: Choices, title: str) -> Choices:
    """The classes read from that column; if it holds a quantity, a threshold is suggested for it."""
    return replace(
        choices, label_column=title, positive="", classes=(), label_from="", threshold="", quantiles=0.0
    )


def with_conditions(choices: Choices, typed: str) -> Choices:
    """The classes made by what was typed: a threshold such as `<0.01`, or conditions between semicolons."""
    if choices.label_from and typed.lstrip().startswith(("<", ">")):
        return replace(choices, threshold=typed.strip(), positive="")
    conditions = tuple(part.strip() for part in typed.split(";") if part.strip())
    plain = Choices(sheet=choices.sheet, gene_column=choices.gene_column, text_column=choices.text_column)
    return replace(plain, classes=tuple(_named(one, place) for place, one in enumerate(conditions, 1)))


def check_conditions(header: Sequence[str], typed: str) -> Fault | None:
    """What is wrong with conditions: a column that is not there, or what cannot be read."""
    from engine.data.formats.condition import parse

    asked: list[str] = []

    def column(name: str) -> int:
        asked.append(name)
        if name.casefold() not in (title.casefold() for title in header):
            raise UsageError(*unknown("column", name, header))
        return 0

    if typed.lstrip().startswith(("<", ">")):
        return None
    for part in typed.split(";"):
        try:
            parse(part.partition(":")[2] or part, column)
        except UsageError as error:
            name = asked[-1] if asked and "column" in error.message else ""
            if not name:
                return Fault(f"{part.strip()}: {error.message}", start=typed.index(part), length=len(part))
            near, start = nearest(name, header), typed.casefold().index(name.casefold())
            better = typed[:start] + near + typed[start + len(name) :] if near else ""
            return Fault(error.message, better, start, len(name))
    return None


def _named(condition: str, place: int) -> str:
    """A condition with a name before it."""
    return condition if ":" in condition else f"class {place}: {condition}"


def conditions_of(choices: Choices) -> str:
    """What may be typed to get the same classes."""
    return "; ".join(choices.classes) or choices.threshold


def with_other_positive(choices: Choices, shown: Preview) -> Choices:
    """The other of two classes as the positive one."""
    if choices.label_from and choices.threshold:  # which names the positive class
        sign, value = sign_and_value(choices.threshold)
        return replace(choices, threshold=f"{_FLIPPED[sign]}{value}")
    return replace(choices, positive=shown.classes[0].name)


def moved(choices: Choices, shown: Preview, steps: float) -> Choices:
    """The threshold that many steps higher; the same where there is none."""
    found = next((one for one in shown.histograms if one.column == choices.label_from), None)
    if not choices.threshold or found is None:
        return choices
    sign, value = sign_and_value(choices.threshold)
    step = step_of(found) * (1.0 if abs(steps) >= 1 else FINE)
    number = round(float(value) / step + (1 if steps > 0 else -1)) * step
    return replace(choices, threshold=f"{sign}{number:.6g}")
