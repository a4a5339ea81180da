"""What the choice comes to on the Plan screen: what will happen to each model, and what it costs or took.

Pure functions from what was counted to lines of pieces, for the room that there is.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from tui.quantities import count
from tui.screens.plan.cost import LOADING, takes_room
from tui.widgets.rows import Piece, cut
from tui.widgets.text import clean

if TYPE_CHECKING:
    from engine.plan.plan import Plan
    from tui.screens.plan.cost import Cost, Tally

Lines = list[list[Piece]]
HAPPENS: Final = ("✓", "good"), " done  ", ("▶", "accent"), " to run  ", ("╌", "warn"), " blocked"
"""What the signs of what will happen mean."""


def seconds(value: float) -> str:
    """A time as it is shown in tables: `0.02 s`, `9 s`, `2.1 min`, `3.4 h`."""
    if value >= 5400:
        return f"{value / 3600:.1f} h"
    if value >= 120:
        return f"{value / 60:.1f} min"
    if value < 0.005:
        return f"{1000 * value:.2g} ms"
    return f"{value:.0f} s" if value >= 9.5 else f"{value:.2g} s" if value >= 0.095 else f"{value:.2f} s"


def happening(tally: Tally, width: int, height: int) -> Lines:
    """Model by protocol: what is done, what is to run and how long that takes, what cannot be."""
    plan = tally.plan
    if plan is None:
        return [[("Nothing, as chosen: the sum says why.", "soft")]]
    cells = _cells(plan)
    protocols = list(dict.fromkeys((*plan.selection.protocols, *(how for _, how in cells))))
    rows = list(dict.fromkeys(who for who, _ in cells))
    least = 9
    name = max(min(max(map(cell_len, rows), default=5), width - least * len(protocols)), 8)
    each = max((width - name) // max(len(protocols), 1), 6)
    if each > 14:
        each = 14
    lines: Lines = [[(" " * name, ""), *((cut(how, each, right=True), "soft") for how in protocols)]]
    for who in rows[: height - 1] if len(rows) <= height - 1 else rows[: height - 2]:
        own = who in plan.selection.models
        line: list[Piece] = [(cut(clean(who), name), "text" if own else "soft")]
        for how in protocols:
            text, tone = _happens(cells.get((who, how)), tally, who, how)
            line.append((cut(text, each, right=True), tone))
        lines.append(line)
    if len(rows) > height - 1:
        lines.append([(f"and {len(rows) - height + 2} more", "soft")])
    elif 1 < len(rows) < height - 1:
        whole = [
            sum((cells.get((who, how), Counter()) for who in rows), Counter[str]()) for how in protocols
        ]
        told = [_happens(cell, tally, "", how) for cell, how in zip(whole, protocols, strict=True)]
        together = [(cut(text, each, right=True), tone) for text, tone in told]
        lines.append([(cut("together", name), "strong"), *together])
    return lines


CONTROLS: Final = "controls"


def _cells(plan: Plan) -> dict[tuple[str, str], Counter[str]]:
    """(model or `controls`, protocol) -> units by what becomes of them."""
    found: dict[tuple[str, str], Counter[str]] = {}

    def of(model: str, protocol: str) -> Counter[str]:
        who = model if model in plan.selection.models else CONTROLS
        return found.setdefault((who, protocol), Counter())

    for unit in plan.units:
        state = "done" if unit.key in plan.done else "failed" if unit.key in plan.failed else "todo"
        of(unit.model, unit.protocol)[state] += 1
    for item in plan.blocked:
        of(item.model, item.protocol)["blocked"] += item.units
    order = [*plan.selection.models, CONTROLS]
    return dict(sorted(found.items(), key=lambda one: order.index(one[0][0])))


def _happens(cell: Counter[str] | None, tally: Tally, who: str, how: str) -> tuple[str, str]:
    if not cell:
        return "·", "faint"
    if cell["todo"]:
        kinds = tally.cost.kinds
        own = [kind for kind in kinds if kind[1] == how and who in ("", _row(kind[0], tally))]
        known = sum(kinds[kind] for kind in own)
        return (f"▶ {seconds(known)}" if own else f"▶ {cell['todo']:,}"), "accent"
    if cell["failed"]:
        return f"✗ {cell['failed']:,}", "bad"
    if cell["done"]:
        return f"✓ {cell['done']:,}", "good"
    return "╌", "warn"


def _row(model: str, tally: Tally) -> str:
    return model if model in tally.selection.models else CONTROLS


def costs(tally: Tally, width: int, height: int) -> Lines:
    """For each protocol, and for what comes before: units, those to run, what each and all of it takes."""
    plan, cost = tally.plan, tally.cost
    if plan is None:
        return [[("Nothing is to run.", "soft")]]
    found = _cost_rows(plan, cost)
    most = max((whole or 0.0 for *_, whole in found), default=0.0)
    wide = width >= 58
    over = not plan.todo
    heads = ("how", "units", "done" if over else "to run", "each", "took" if over else "sum")
    sizes = (13, 7, 8, 9, 9) if wide else (12, 0, 8, 9, 9)
    lines: Lines = [
        [
            (cut(head, size, right=place > 0), "soft")
            for place, (head, size) in enumerate(zip(heads, sizes, strict=True))
            if size
        ]
    ]
    room = width - sum(sizes) - 2
    for how, units, todo, each, whole in found[: height - 1]:
        told = (
            how,
            units,
            todo,
            each,
            seconds(whole) if whole is not None else "not known" if todo else "",
        )
        line: list[Piece] = [
            (cut(text, size, right=place > 0), "text" if place != 1 else "soft")
            for place, (text, size) in enumerate(zip(told, sizes, strict=True))
            if size
        ]
        if whole and most and room >= 6:
            long = max(round((room - 1) * whole / most), 0)
            line += [("  " + "─" * long, "a"), ("●", "a")]
        lines.append(line)
    if over and most and len(lines) < height:
        units, work = count(len(plan.units), "unit"), seconds(sum(cost.spent.values()))
        lines.append(
            [(f"{units} in {work} of work, ", "soft"), ("space", "accent"), (" adds more", "soft")]
        )
    takes = takes_room(tally)
    if takes and len(lines) < height:
        lines.append([(cut(takes, width).rstrip(), "soft")])
    return lines


def _cost_rows(plan: Plan, cost: Cost) -> list[tuple[str, str, str, str, float | None]]:
    whole = Counter(unit.protocol for unit in plan.units)
    todo = Counter(unit.protocol for unit in plan.todo or plan.units)
    found: list[tuple[str, str, str, str, float | None]] = []
    for how in dict.fromkeys((*plan.selection.protocols, *whole)):
        known = [value for (_, protocol), value in cost.kinds.items() if protocol == how]
        takes = sum(known) if known else None if plan.todo else cost.spent.get(how) or None
        each = seconds(cost.each[how]) if how in cost.each else ""
        found.append((how, f"{whole[how]:,}", f"{todo[how]:,}" if todo[how] else "", each, takes))
    if cost.texts:
        each = seconds(cost.embedding / cost.texts) if cost.embedding is not None else ""
        found.append(("embed a text", "", f"{cost.texts:,}", each, cost.embedding))
    if plan.todo:
        found.append(("libraries", "", "1", seconds(LOADING), LOADING))
    return found
