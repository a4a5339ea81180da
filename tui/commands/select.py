"""The options that choose what is run, shared by `run` and `sweep`, and the selection they make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import click

from engine.catalog.controls import CONTROLS, WHICH, part_of
from engine.catalog.models import name_model
from engine.catalog.presets import NOT_MENDED, WORDS, axes_for
from engine.catalog.protocols import FIRST
from engine.catalog.schemes import SCHEMES, find_scheme
from engine.data.tasks.sets import tasks_of
from engine.plan.launch import Options
from engine.plan.names import names, parse_seeds, resolve_descriptions, resolve_tasks
from engine.plan.plan import Plan, build_plan
from engine.plan.selection import Selection, ranges
from store.errors import UsageError
from store.home import Home
from tui.commands.common import pairs, say
from tui.commands.consent import ask_consent

DEFAULT_MODELS: Final = ("all-MiniLM-L6-v2", "wordllama-256")
"""Those that come as packages, so that a first run needs no network."""
_DEVICE: Final = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")
_USUAL: Final = ", ".join(f"{scheme.name} {','.join(ranges(scheme.seeds))}" for scheme in SCHEMES.values())
"""The seeds that are meant where none are given."""

_COUNT: Final = click.IntRange(0, 1024)

_CHOICE: Final = (
    click.option(
        "--models", multiple=True, default=[",".join(DEFAULT_MODELS)], show_default=True, metavar="A,B",
        help="Names of the catalog, hf:org/name@commit, or folders.",
    ),
    click.option(
        "--tasks", multiple=True, metavar="A,B",
        help="Names, task1 to task4 of the paper, or CSV files.  [default: the paper's four]",
    ),
    click.option("--set", "sets", multiple=True, metavar="NAME", help="All tasks of this set; see `sets`."),
    click.option(
        "--scheme", default="paper", show_default=True, metavar="NAME",
        help=f"How splits are drawn: {' or '.join(SCHEMES)}.",
    ),
    click.option(
        "--seeds", metavar="RANGE",
        help=f"One split a seed, e.g. 41-50 or 41,42.  [default: {_USUAL}]",
    ),
    click.option(
        "--preset", default="paper", show_default=True, metavar="NAME",
        help=f"paper: {WORDS['paper']}. corrected: {WORDS['corrected']}. "
        f"Not mended: {'; '.join(NOT_MENDED)}.",
    ),
    click.option("--axis", "axes", multiple=True, metavar="NAME=VALUE", help="Set one axis."),
    click.option("--text", default="facts", show_default=True, help="The recipe; +masked: no names."),
    click.option("--descriptions", default="", metavar="FILE", help="Texts instead of the recipe's."),
    click.option("--precision", type=click.Choice(["fp32", "bf16"]), help="Of the encoder."),
    click.option("--epochs", type=click.IntRange(1), help="Of fine-tuning's first stage."),
    click.option("--stage2-epochs", type=click.IntRange(0), help="Of fine-tuning's second stage."),
    click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A protocol's parameter."),
    click.option("--retry-failed", is_flag=True, help="Run units again that failed before."),
)  # fmt: skip
_MEANS: Final = (
    click.option("--device", default="auto", show_default=True, help="auto, cpu, mps, cuda or cuda:N."),
    click.option("--workers", type=_COUNT, default=0, help="Threads that classify; 0: one for each core."),
    click.option("--threads", type=_COUNT, default=0, help="Threads of torch; 0: one for each core."),
)  # fmt: skip
_START: Final = (
    click.option("--dry-run", is_flag=True, help="Only report what would be run, as `plan` does."),
    click.option("--detach", is_flag=True, help="Run without this terminal; `attach` follows."),
)  # fmt: skip


protocols_option: Final = click.option(
    "--protocols",
    multiple=True,
    default=[",".join(FIRST)],
    show_default=True,
    metavar="A,B",
    help="Names.",
)
controls_option: Final = click.option(
    "--controls",
    type=click.Choice(WHICH),
    default="default",
    show_default=True,
    help="What stands beside the models to show what they are worth: TF-IDF, symbol and random vectors "
    "with lr, rf and lr-cv; all: text length, coverage, permuted labels and majority class, too.",
)


def start_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that runs what is chosen `--dry-run` and `--detach`."""
    for option in reversed(_START):
        function = option(function)
    return function


def selection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `make_selection` and `make_options` read."""
    for option in reversed((*_CHOICE, *_MEANS)):
        function = option(function)
    return function


def make_selection(home: Home, protocols: tuple[str, ...], chosen: dict[str, Any]) -> Selection:
    """The selection that the options tell.

    Raises:
        UsageError: seeds, a scheme, a preset, an axis or a value that cannot be.
        DataError: the imported tasks cannot be listed.
    """
    axes: dict[str, Any] = pairs(chosen["axes"], "--axis")
    if chosen["precision"]:
        axes["precision"] = chosen["precision"]
    axes_for(chosen["preset"], axes)
    params: dict[str, Any] = pairs(chosen["params"], "--param")
    params |= {name: chosen[name] for name in ("epochs", "stage2_epochs") if chosen[name] is not None}
    return Selection(
        # As the engine names them: a path absolute, a Hub id with its commit.
        tuple(dict.fromkeys(name_model(name, home).name for name in _models(chosen["models"]))),
        chosen_tasks(home, chosen["tasks"], chosen["sets"]),
        protocols,
        chosen_seeds(chosen["scheme"], chosen["seeds"]),
        chosen["preset"],
        axes,
        chosen["text"],
        resolve_descriptions(home, chosen["descriptions"]),
        params,
        chosen["scheme"],
        retry_failed=chosen["retry_failed"],
    )


def _models(wanted: Sequence[str]) -> Iterator[str]:
    """The models named; the row of a control stands for all its draws."""
    for name in names(wanted):
        yield from part_of(name) or (name,)


def chosen_tasks(home: Home, tasks: Sequence[str], sets: Sequence[str]) -> tuple[str, ...]:
    """The tasks of these sets, and the others that are named; nothing chosen means the paper's four.

    Raises:
        UsageError: there is no such set, or no task is in it.
    """
    if not sets:
        return resolve_tasks(home, tasks)
    named = resolve_tasks(home, tasks) if tasks else ()
    return tuple(dict.fromkeys((*tasks_of(home, names(sets)), *named)))


def chosen_seeds(scheme: str, seeds: str | None) -> tuple[int, ...]:
    """The seeds that the options `--scheme` and `--seeds` tell; without the latter the scheme's usual ones.

    Raises:
        UsageError: an unknown scheme, no range, or seeds that the scheme does not have.
    """
    found = find_scheme(scheme)
    if seeds is None:
        return found.seeds
    chosen = parse_seeds(seeds)
    found.check(chosen)
    return chosen


def say_part(selection: Selection) -> None:
    """Say it where a scheme has more splits than are chosen."""
    if part := SCHEMES[selection.scheme].part(len(selection.seeds)):
        say(f"{part}; the others can be run later.")


def make_options(chosen: dict[str, Any]) -> Options:
    """The device and thread counts that the options tell.

    Raises:
        UsageError: a device torch has no name for.
    """
    if not _DEVICE.fullmatch(chosen["device"]):
        raise UsageError(f"There is no device {chosen['device']!r}.", "Use auto, cpu, mps, cuda or cuda:N.")
    return Options(chosen["device"], chosen["workers"], chosen["threads"])


def checked_plan(selection: Selection, home: Home, dry: bool = False) -> Plan:
    """The plan, if every model and every task chosen can take part in it.

    Args:
        selection: What is chosen.
        home: Whose results count as done.
        dry: Whether the plan is only looked at, so that a model may be fetched later.

    Raises:
        UsageError: something chosen is not known, or cannot take part at all.
        StoreError: the store cannot be read.
    """
    from store.store import Store

    store = Store(home)
    try:
        plan = build_plan(selection, home, store.finished())
        if ask_consent(plan, home):
            plan = build_plan(selection, home, store.finished())
    finally:
        store.close()
    later = [part for part in plan.blocked if dry and part.unfetched]
    models = {unit.model for unit in plan.units} | {part.model for part in later}
    tasks = {unit.task for unit in plan.units} | {part.task for part in later}
    for part in plan.blocked:
        beside = part.model in CONTROLS and part.model not in selection.models
        if part.task not in tasks or (part.model not in models and not beside):
            rest = ",".join(name for name in selection.models if name in models)
            alone = part.task in tasks and rest
            raise UsageError(part.reason, f"Leave it out: --models {rest}." if alone else "")
    for reason in dict.fromkeys(part.reason for part in later):
        say(reason)
    out: dict[tuple[str, str, str], list[str]] = {}
    for part in plan.blocked:
        if part not in later:
            out.setdefault((part.model, part.protocol, part.reason), []).append(part.task)
    for (model, protocol, reason), of in out.items():
        say(f"left out: {model} {', '.join(of)} {protocol}: {reason}")
    return plan
