"""The row under the cursor on a card, and who beats whom: what a wide terminal has at the right. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.catalog.controls import title_of
from store.controls import REFERENCE
from tui.quantities import count
from tui.ranked import beats, standings
from tui.ranked.figures import difference_text, ranged, short
from tui.ranked.standings import among_paper, value_of
from tui.ranked.tables import row_name
from tui.screens.board import controls
from tui.screens.board import text as board_text
from tui.screens.board.cells import difference_cell, signed
from tui.screens.board.view import View
from tui.widgets.drawing import Lines, wrapped
from tui.widgets.rows import Piece, cut
from tui.widgets.text import clean

if TYPE_CHECKING:
    from store.queries import RankRow
    from tui.widgets.words import Tone

_SIDE: Final = 8
"""Cells of a column of differences."""
_MODELS: Final = 5
"""Contestants that are set against one another; of more, the row and the best."""


def card(view: View | None, row: RankRow | None, column: str, width: int, height: int) -> Lines:
    """Who it is, its number, its rank, its range among the paper's, whom it is tied with and ahead of."""
    if view is None or row is None:
        return []
    name = row_name(row) if row.control else row.model
    lines: list[list[Piece]] = [[(clean(name), "strong")], [(_who(view, row), "soft")], []]
    value, interval = value_of(row, view.by), view.interval(row, view.by)
    said: list[Piece] = [
        (f"{view.by} ", "soft"),
        ("no number" if value is None else short(value), "strong"),
    ]
    if interval:
        said.append((f" [{short(interval[0])}, {short(interval[1])}]", "text"))
    if place := view.place(row):
        of = len(view.placed.places) if view.placed else 0
        said += [
            ("  rank ", "soft"),
            (ranged(place.first, place.last), "strong"),
            (f" of {of} own", "soft"),
        ]
        said += [(", may be best", "soft")] if place.leading else []
    lines.append(said)
    lines += _printed(view, row, width) if row.source != "own" else _among(view, row, width)
    lines += _tied(view, row, width)
    if against := view.differences.get(row.model if row.contestant else ""):
        found = f"{difference_text(against).replace('-', '−')}, {against.standing.value}"
        lines += wrapped([(f"to {title_of(view.base)} ", "soft"), (found, "text")], width, 2)
    tasks = view.rankings.tasks
    if len(tasks) > height - len(lines) - 1:
        tasks = tuple(task for task in tasks if task == column)
    lines += [[]] if tasks else []
    lines += [_of_task(view, row, task, task == column, width) for task in tasks]
    return lines


def _of_task(view: View, row: RankRow, task: str, here: bool, width: int) -> list[Piece]:
    """One task's number with what is known of it."""
    value, interval = value_of(row, task), view.interval(row, task)
    label = min(max(len(clean(name)) for name in view.rankings.tasks) + 2, width // 2)
    line: list[Piece] = [("▌" if here else " ", "accent"), (cut(clean(task), label), "soft")]
    line.append(("  ·" if value is None else short(value), "strong" if row.source == "own" else "text"))
    if row.source != "own":
        rank = row.rank.get(task)
        return [*line, (f"  printed rank {rank:g}" if rank is not None else "", "soft")]
    line += [(f" [{short(interval[0])}, {short(interval[1])}]", "text")] if interval else []
    sd, n, failed = row.sd.get(task), row.n.get(task, 0), row.failed.get(task, 0)
    line += [(f"  SD {short(sd)}", "soft")] if sd is not None else []
    line += [(f"  {n} of {view.rankings.expected}", "warn")] if n < view.rankings.expected else []
    return [*line, (f"  {failed} failed", "bad")] if failed else line


def _who(view: View, row: RankRow) -> str:
    if row.control:
        return f"{controls.words(row.model)}; not ranked"
    if row.source == "own":
        splits = sum(row.n.values())
        return f"own · {count(splits, 'split')} in {count(len(row.n), 'task')}"
    return f"{board_text.WHO[row.source]} · means only, of ten splits"


def _printed(view: View, row: RankRow, width: int) -> list[list[Piece]]:
    rank = standings.printed_rank(row, view.by).strip("()")
    found: list[tuple[str, Tone]] = [
        ("printed rank ", "soft"),
        (rank, "strong"),
        (" of the paper's", "soft"),
    ]
    why = [("other splits than the own rows: no interval, no difference", "soft")]
    return [*wrapped(found, width), *wrapped(why, width)]  # type: ignore[arg-type]


def _among(view: View, row: RankRow, width: int) -> list[list[Piece]]:
    found = among_paper(view.standing, row) if view.standing else None
    if found is None:
        return []
    why = standings.beside_paper(view.standing).partition(": ")[2] if view.standing else ""
    said = board_text.in_papers(*found)
    return [
        *wrapped([(said, "text")], width),
        *wrapped([(f"  {why} so a range, not a place".replace(". so", ", so"), "soft")], width, 2),
    ]


def _tied(view: View, row: RankRow, width: int) -> list[list[Piece]]:
    """Whom it is not told apart from, and whom it is shown to be ahead of or behind."""
    if view.placed is None or not row.contestant:
        return []
    tied = [model for group in view.tied if row.model in group for model in group if model != row.model]
    groups = {"not told apart from": list(dict.fromkeys(tied)), "ahead of": [], "behind": []}
    for other, ahead in _told(view, row.model):
        groups["ahead of" if ahead else "behind"].append(other)
    found: list[list[Piece]] = [[]] if any(groups.values()) else []
    for word, models in groups.items():
        if models:
            names = ", ".join(models[:4]) + (f" and {len(models) - 4} more" if len(models) > 4 else "")
            found += wrapped([(f"{word} ", "soft"), (names, "text")], width, 2)[:2]
    return found


def _told(view: View, model: str) -> list[tuple[str, bool]]:
    """The contestants that a model is told apart from, and whether it is the better one."""
    assert view.placed is not None
    ranking = view.placed.judged.ranking(view.by)
    names = [place.model for place in ranking.places]
    if model not in names or ranking.better is None:
        return []
    at = names.index(model)
    return [(other, True) for i, other in enumerate(names) if ranking.better[at, i]] + [
        (other, False) for i, other in enumerate(names) if ranking.better[i, at]
    ]


# ---------------------------------------------------------------------------- who beats whom


def duels(view: View | None, row: RankRow | None, told: str, width: int, height: int) -> Lines:
    """Contestants less one another, and less TF-IDF; a star where that is shown, and what could be."""
    if view is None or view.placed is None:
        return [[("…", "soft")]] if view and view.awaited else []
    places = view.placed.judged.ranking(view.by).places
    names = [place.model for place in places]
    beside = beats.beside(view.placed, view.by)
    shown = names[:_MODELS]
    if row is not None and row.model in names and row.model not in shown:
        shown = [row.model, *shown[:-1]]
    against = {one.model: one for one in beside.rows} if beside else {}
    if len(shown) < 2 and not (shown or against):
        return wrapped([(told, "text")], width)
    shown = shown or list(against)[:_MODELS]
    across = shown[1:] if len(names) > 1 else []
    sides = (width - 8) // (_SIDE + 1)
    across = across[: max(sides - bool(against) - 2, 1)]
    heads = [*across, *([title_of(REFERENCE)] if against else [])]
    label = max(width - (_SIDE + 1) * len(heads), 8)
    label = min(label, max(len(clean(name)) for name in shown) + 2)
    side = max(min((width - label) // max(len(heads), 1) - 1, 18), _SIDE)
    titles = [(f" {cut(clean(one), side, right=True)}", "soft") for one in heads]
    lines: list[list[Piece]] = [[(" " * label, ""), *titles]]
    auc = {place.model: place.estimate.auc for place in places}
    told_of = {name: dict(_told(view, name)) for name in shown}
    for name in shown:
        here = row is not None and row.source == "own" and row.model == name
        line: list[Piece] = [("▌" if here else " ", "accent"), (cut(clean(name), label - 1), "strong")]
        for other in across:
            line.append(_duel(auc, name, other, told_of[name], names, side))
        if against:
            cell = difference_cell(against[name]) if name in against else None
            line.append((f" {str(cell) if cell else '·':>{side}}", cell.tone if cell else "line"))
        lines.append(line)
    if len(names) > len(shown):
        lines.append([(f" {len(shown)} of {len(names)} own rows", "soft")])
    sentence: list[tuple[str, Tone]] = [
        ("* ", "strong"),
        ("told apart, 95 % for all together. ", "soft"),
    ]
    return [*lines, [], *wrapped([*sentence, (told, "text")], width)]


def _duel(
    auc: dict[str, float], name: str, other: str, told: dict[str, bool], names: list[str], side: int
) -> Piece:
    if name == other or names.index(other) < names.index(name):
        return " " * (side + 1), ""
    text = signed(auc[name] - auc[other])
    if other not in told:
        return f" {f'{text} ':>{side}}", "soft"
    return f" {f'{text}*':>{side}}", "good" if told[other] else "bad"
