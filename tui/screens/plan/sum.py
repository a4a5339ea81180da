"""What the choice comes to, in four lines: the product, a bar to scale, the parts, and what hinders.

Pure functions; `tui.widgets.drawing` draws what they give.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from engine.catalog.schemes import SCHEMES
from tui.quantities import count, roughly
from tui.screens.plan import controls
from tui.screens.plan.cost import LOADING, takes_room
from tui.widgets.rows import Piece, cut
from tui.widgets.text import clean

if TYPE_CHECKING:
    from engine.plan.plan import Plan
    from engine.plan.selection import Selection
    from tui.screens.plan.cost import Tally

Line = list[Piece]
WIDE: Final = 100
"""Cells from which on there is room for what the estimate rests on."""


def summary(
    selection: Selection, tally: Tally | None, readonly: bool, live: bool, width: int, height: int = 4
) -> list[Line]:
    """What the choice comes to, and the one key that starts it.

    Args:
        selection: the choice.
        tally: what it comes to; None while it is being counted.
        readonly: whether nothing can be started here.
        live: whether a run goes on, which another one waits for.
        width: cells of a line.
        height: lines there are; the reasons take those that are left.
    """
    head = _product(selection)
    if tally is None:
        return [head, [("Counting what is already done.", "soft")]]
    plan = tally.plan
    if plan is None:
        return [head, *_wrapped(tally.trouble, "warn", width, height - 1)]
    way_on = _way_on(tally, plan, readonly, live)
    beside = length(head) + length(way_on) + 2 > width  # the controls, on the other line
    head = _ends(head[:-1] if beside else head, way_on, width)
    lines = [head, bar(*_parts(tally, plan), width), _counts(tally, plan, width, beside)]
    return [*lines, *_in_the_way(tally, plan, live, width, height - len(lines))]


def _product(selection: Selection) -> Line:
    sizes = (len(selection.models), len(selection.tasks), len(selection.protocols), len(selection.seeds))
    product = sizes[0] * sizes[1] * sizes[2] * sizes[3]
    return [
        (f"{count(sizes[0], 'model')} × {count(sizes[1], 'task')} × ", "text"),
        (f"{count(sizes[2], 'protocol')} × {_seeds(selection)} = ", "text"),
        (count(product, "unit"), "strong"),
        (controls.in_the_sum(selection), "soft"),
    ]


def _seeds(selection: Selection) -> str:
    """`10 seeds`; `10 of 100 seeds` where the scheme has so many."""
    scheme, chosen = SCHEMES[selection.scheme], len(selection.seeds)
    if scheme.part(chosen):
        return f"{chosen} of {len(scheme.seeds)} seeds"
    return count(chosen, "seed")


def _way_on(tally: Tally, plan: Plan, readonly: bool, live: bool) -> Line:
    """The key that goes on from here."""
    if readonly:
        return [("--readonly: nothing can be started here", "soft")]
    if tally.questions:
        return [("enter", "$say-accent bold"), (f" asks about {', '.join(tally.questions)}", "text")]
    if plan.todo:
        what = "queues" if live else "runs"
        return [("enter", "$say-accent bold"), (f" {what} the {len(plan.todo):,}", "text")]
    if plan.failed:
        return [
            (key, "$say-accent bold") if key in "2R" else (key, "text")
            for key in ("2", " and ", "R", " try again")
        ]
    if plan.done:
        return [("3", "$say-accent bold"), (" ranks it", "text")]
    return [("i", "$say-accent bold"), (" says why", "text")]


def _parts(tally: Tally, plan: Plan) -> tuple[int, int, int, int]:
    """Units done, to run, failed before and blocked."""
    failed = 0 if tally.selection.retry_failed else len(plan.failed)
    return len(plan.done), len(plan.todo), failed, sum(item.units for item in plan.blocked)


def bar(done: int, todo: int, failed: int, blocked: int, width: int) -> Line:
    """The parts to scale; none that is not nothing is too short to be seen."""
    parts = [(done, "━", "good"), (todo, "━", "accent"), (failed, "╌", "bad"), (blocked, "╌", "warn")]
    whole = sum(number for number, _, _ in parts)
    if not whole:
        return [("─" * width, "line")]
    sizes = [max(width * number // whole, 1) if number else 0 for number, _, _ in parts]
    sizes[sizes.index(max(sizes))] += width - sum(sizes)
    return [(sign * size, tone) for size, (_, sign, tone) in zip(sizes, parts, strict=True) if size]


def _counts(tally: Tally, plan: Plan, width: int, controls_too: bool) -> Line:
    done, todo, failed, blocked = _parts(tally, plan)
    line: Line = [("✓ ", "good"), (f"{done:,} done", "good" if done else "soft")]
    line += [("   ▶ ", "accent"), (f"{todo:,} to run", "strong")]
    if todo and not tally.trouble:
        seconds = tally.cost.seconds
        if seconds is None:
            unknown = ", time not known"
            line.append((unknown if controls_too else f"{unknown} before the first unit", "soft"))
        else:
            line += [(", ", "text"), (roughly(seconds), "strong"), (" here", "text")]
            if width >= WIDE:
                line.append((f" ({_of_what(tally)})", "soft"))
    if failed:
        line += [("   ✗ ", "bad"), (f"{failed:,} failed before", "bad")]
    if blocked:
        line += [("   ╌ ", "warn"), (f"{blocked:,} blocked", "warn")]
    more = controls.in_the_sum(tally.selection).lstrip(", ")
    if controls_too and length(line) + 3 + cell_len(more) <= width:
        line.append((f"   {more}", "soft"))
    takes = takes_room(tally) if todo and not tally.trouble else ""
    if takes and length(line) + 3 + cell_len(takes) <= width:
        line.append((f"   {takes}", "soft"))
    return line


def _of_what(tally: Tally) -> str:
    """What the time goes into."""
    cost = tally.cost
    parts = [
        (sum(cost.kinds.values()), "of units"),
        (cost.embedding or 0.0, "of embedding"),
        (LOADING, "of loading"),
    ]
    return ", ".join(f"{value:.0f} s {what}" for value, what in parts if value >= 0.5)


def _in_the_way(tally: Tally, plan: Plan, live: bool, width: int, height: int) -> list[Line]:
    """Why something is blocked, or what else is to be known before it starts."""
    lines: list[Line] = []
    if tally.trouble:
        lines += _wrapped(f"What it takes is not known: {tally.trouble}", "warn", width, 1)
    reasons = blocked_reasons(plan)
    room = height - len(lines)
    if len(reasons) > room > 0:
        rest = f"╌ and {len(reasons) - room + 1} more reasons: i on the model or task has them"
        for reason in reasons[: room - 1]:
            lines.append(_reason(reason, width))
        lines.append([(cut(rest, width).rstrip(), "warn")] if room > 1 else _reason(reasons[0], width))
    elif len(reasons) == 1 and room > 1:
        lines += _wrapped(reasons[0], "warn", width, room)
    else:
        lines += [_reason(reason, width) for reason in reasons]
    if not lines and live and plan.todo:
        lines.append([("A run goes on; what is chosen here waits for it.", "soft")])
    elif not lines and plan.failed and not plan.todo:
        lines.append([("What is left failed before.", "warn")])
    elif not lines and plan.units and not plan.todo:
        lines.append([("All of it is done.", "good")])
    return lines


def _reason(reason: str, width: int) -> Line:
    return [(cut(clean(reason, 0), width).rstrip(), "warn")]


def blocked_reasons(plan: Plan) -> list[str]:
    """`╌ who: why. the command that fixes it`, for most units first."""
    unfetched: dict[str, int] = defaultdict(int)
    others: dict[str, int] = defaultdict(int)
    told: dict[str, str] = {}
    for item in plan.blocked:
        if item.unfetched:
            unfetched[item.model] += item.units
            told[item.model] = item.reason
        else:
            others[item.reason] += item.units
    found = [(units, f"╌ {count(units, 'unit')}: {reason}") for reason, units in others.items()]
    fetched = [name for name in unfetched if "genearena fetch" in told[name]]
    if fetched:
        units = sum(unfetched[name] for name in fetched)
        what = " and ".join(f"genearena fetch model {name}" for name in fetched[:1])
        more = f" (and {len(fetched) - 1} more)" if len(fetched) > 1 else ""
        names = ", ".join(fetched[:3]) + (f" and {len(fetched) - 3} more" if len(fetched) > 3 else "")
        found.append((units, f"╌ {names}: not on this machine. F on a model fetches it, or {what}{more}"))
    for name, units in unfetched.items():
        if name not in fetched:
            found.append((units, f"╌ {count(units, 'unit')} of {name}: {told[name]}"))
    return [text for _, text in sorted(found, key=lambda one: -one[0])]


def _ends(left: Line, right: Line, width: int) -> Line:
    """The left at its edge and the right at the other, which may cut the left."""
    room = width - length(right) - 2
    kept: Line = []
    for text, tone in left:
        if room > 0:
            piece = text if cell_len(text) <= room else cut(text, room)
            kept.append((piece, tone))
            room -= cell_len(piece)
    return [*kept, (" " * (width - length(kept) - length(right)), ""), *right]


def length(line: Line) -> int:
    """Cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)


def _wrapped(said: str, tone: str, width: int, most: int) -> list[Line]:
    import textwrap

    lines = textwrap.wrap(clean(said, 0), max(width, 10)) or [""]
    if len(lines) > most > 0:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [[(cut(line, width).rstrip(), tone)] for line in lines]
