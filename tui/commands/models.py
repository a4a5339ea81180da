"""`genearena models`: what there is to choose from, and what is known and measured of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from engine.catalog.controls import CONTROLS, part_of, title_of
from engine.catalog.models import embedding_options, find_model, list_models, local_path
from engine.catalog.presets import axes_for
from engine.catalog.revision import identified, unlike_pinned
from engine.plan.names import names, resolve_descriptions, resolve_tasks
from store.controls import ROWS
from store.errors import ModelError, StoreError, UsageError, unknown
from store.home import Home
from store.records import Model
from tui.commands.common import (
    Session,
    command,
    json_option,
    put,
    put_json,
    put_pieces,
    put_table,
    say,
)

if TYPE_CHECKING:
    from engine.embedding.folder import FolderFacts

Row = Mapping[str, Any]

LIMITS: Final = (128, 256, 512)
"""Tokens at which models cut: the paper's fine-tuning, MiniLM's own files, BERT itself."""
_MIB: Final = 1 << 20


@command("models")
@click.argument("wanted", nargs=-1, metavar="[NAME]...")
@click.option(
    "--show",
    type=click.Choice(["list", "use", "paper", "cost", "tokens"]),
    default="list",
    show_default=True,
    help="What there is; how each is used; the paper's Table 2; what embedding cost here; cut texts.",
)
@click.option("--preset", default="paper", show_default=True, help="use, tokens: whose rules.")
@click.option("--tasks", multiple=True, metavar="A,B", help="tokens: whose texts.  [default: the paper's]")
@click.option("--text", default="facts", show_default=True, help="tokens: the text recipe.")
@click.option("--descriptions", default="", metavar="FILE", help="tokens: texts instead of the recipe's.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "markdown", "latex"]),
    default="text",
    show_default=True,
)
@click.option(
    "--allow", default="", metavar="HOST", help="Agree that texts are sent to an endpoint's host."
)
@click.option(
    "--add",
    default="",
    metavar="SOURCE",
    help="List a folder, hf:ORG/NAME@COMMIT or an endpoint among your own models from now on.",
)
@click.option("--name", default="", help="add: what to call it.  [default: the end of its source]")
@click.option(
    "--dim", type=click.IntRange(1), help="add: keep so many numbers of each vector (Matryoshka models)."
)
@json_option
def models_command(
    session: Session,
    wanted: tuple[str, ...],
    show: str,
    form: str,
    allow: str,
    add: str,
    name: str,
    dim: int | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """The models of the catalog and your own, or those named: where they are, how they are used, what
    the paper prints of them, what they cost here, and how many texts they cut.
    """
    if allow:
        _allow(session, allow)
        return
    if add:
        _add(session, add, name, dim)
        return
    if name or dim:
        raise UsageError(
            "--name and --dim belong to --add.", "Add a model with: genearena models --add SOURCE"
        )
    home = session.home
    models = tuple(find_model(name, home) for name in names(wanted)) or list_models(home)
    if show == "use" or (show == "list" and as_json):
        models = tuple(_identified(model, home) for model in models)
    if show == "list" and as_json:
        put_json([{**asdict(model), "path": _where(model, session) or None} for model in models])
        return
    rows = list(_SHOWN[show](session, models, chosen))
    if as_json:
        put_json(rows)
    elif rows:
        _put(rows, form)
    if show == "list" and form == "text" and not wanted and not as_json:
        _put_controls()
    if show == "list" and any(row["here"] == "no" for row in rows if row["kind"] != "endpoint"):
        say("`genearena fetch model NAME` brings one that is not here.")


def _identified(model: Model, home: Home) -> Model:
    """`model` with its revision; of a damaged one it is told that it has none."""
    try:
        return identified(model, home)
    except ModelError as error:
        say(f"{model.name}: {error}")
        return model


def _put(rows: Sequence[Row], form: str) -> None:
    columns = tuple(rows[0])
    cells = [tuple("" if cell is None else cell for cell in row.values()) for row in rows]
    if form != "text":
        put_pieces(columns, cells, form)
        return
    numbers = {
        place for place in range(len(columns)) if any(isinstance(row[place], int | float) for row in cells)
    }
    put_table(columns, cells, right=numbers)


def _put_controls() -> None:
    """What stands beside the models in every table, in a block of its own."""
    put("")
    put("Controls beside them, by `genearena run --controls none|default|all`; never ranked:")
    rows = []
    for row in ROWS:
        first = CONTROLS[part_of(row)[0]]
        several = f", {len(part_of(row))} draws" if len(part_of(row)) > 1 else ""
        rows.append((row, title_of(row), f"{first.words}{several}", "default" if first.usual else "all"))
    put_table(("control", "row", "what it is", "run by"), rows)


def _list(session: Session, models: Sequence[Model], _: Mapping[str, Any]) -> Iterator[Row]:
    for model in models:
        yield {
            "model": model.name,
            "kind": model.kind,
            "dim": model.dimension,
            "parameters": _millions(model.parameters),
            "licence": model.licence,
            "here": "yes" if _where(model, session) else "no",
            "note": model.note,
        }


def _use(session: Session, models: Sequence[Model], chosen: Mapping[str, Any]) -> Iterator[Row]:
    """How a preset uses each model: by the catalog, else by the model's files, which may contradict it."""
    from engine.embedding.folder import disagreements

    axes = axes_for(chosen["preset"])
    for model in models:
        options = embedding_options(model, axes)
        facts = _facts(model, session)
        silent = "" if model.kind == "vectors" else "as its files say"
        used = {}
        for name in ("pooling", "normalize", "max_tokens"):
            stated = getattr(options, name)
            found = getattr(facts, name, None) if stated is None else stated
            used[name] = silent if found is None else _word(found)
        yield {
            "model": model.name,
            "pooling": used["pooling"],
            "unit length": used["normalize"],
            "prefix": options.prefix,
            "max tokens": used["max_tokens"],
            "weights": "" if facts is None else "pickle" if facts.pickled else "safetensors",
            "version": model.version,
            "revision": model.revision,
        }
        if unlike := unlike_pinned(model, session.home):
            say(" ".join(unlike))
        for sentence in disagreements(model, facts, options) if facts else ():
            say(sentence)


def _facts(model: Model, session: Session) -> FolderFacts | None:
    """What the files of a model that is here declare; a damaged one is told."""
    from engine.embedding.folder import read_facts

    path = local_path(model, session.home)
    if path is None or not path.is_dir():
        return None
    try:
        return read_facts(path, model.files)
    except ModelError as error:
        say(f"{model.name}: {error}")
        return None


def _paper(_: Session, models: Sequence[Model], __: Mapping[str, Any]) -> Iterator[Row]:
    """The paper's Table 2 beside what is true and what the model's own card says."""
    for model in models:
        if not model.printed:
            continue
        size = model.parameters
        yield {
            "model": model.paper_name or model.name,
            "printed parameters": _unit(model.printed.get("parameters_million"), "M"),
            "true parameters": _millions(size),
            "printed GB": model.printed.get("memory_gb"),
            "fp32 GB": None if size is None else round(4 * size / 1e9, 3),
            "fp16 GB": None if size is None else round(2 * size / 1e9, 3),
            "printed MTEB": model.printed.get("mteb_classification"),
            "card MTEB": model.printed.get("card_mteb_classification"),
        }


def _cost(session: Session, models: Sequence[Model], _: Mapping[str, Any]) -> Iterator[Row]:
    """What embedding took on this machine and the others that the results come from."""
    from store import connect
    from store.queries import measurements

    try:
        with connect(session.saved) as connection:
            found = measurements(connection)
    except StoreError as error:
        if session.home.database.exists():
            raise
        say(f"{error}")
        return
    mine = [one for one in found if one.model in {model.name for model in models}]
    if not mine:
        say("No model has embedded texts yet; `genearena run` does it and measures.")
    for one in mine:
        yield {
            "model": one.model,
            "revision": one.revision[:8],
            "device": one.device,
            "precision": one.precision,
            "texts": one.texts,
            "ms per text": round(one.ms_per_text, 2),
            "parameters": one.parameters,
            "fp32 MiB": _mebibytes(one.bytes_fp32),
            "fp16 MiB": _mebibytes(one.bytes_fp16),
            "peak MiB": _mebibytes(one.peak_memory),
            "processor": one.cpu if one.device == "cpu" else "",
        }


def _tokens(session: Session, models: Sequence[Model], chosen: Mapping[str, Any]) -> Iterator[Row]:
    """The share of texts beyond each of `LIMITS` and beyond what the model reads."""
    from engine.data.load import load_task
    from engine.embedding.tokens import measure_lengths

    home, axes = session.home, axes_for(chosen["preset"])
    tasks = [
        load_task(
            name,
            home,
            labels=axes.labels,
            text=chosen["text"],
            provenance=axes.provenance,
            descriptions=resolve_descriptions(home, chosen["descriptions"]),
        )
        for name in resolve_tasks(home, chosen["tasks"])
    ]
    texts = list(dict.fromkeys(text for task in tasks for text in task.texts))
    absent = []
    for model in models:
        path = local_path(model, home)
        if path is None or not path.is_dir():
            absent.append(model.name)
            continue
        try:
            lengths = measure_lengths(model, texts, embedding_options(model, axes), home)
        except ModelError as error:
            say(f"{model.name}: {error}")
            continue
        yield {
            "model": model.name,
            "texts": len(lengths.tokens),
            "median": lengths.median,
            "longest": max(lengths.tokens),
            **{f"beyond {limit} %": _percent(lengths.share_beyond(limit)) for limit in LIMITS},
            "reads": lengths.limit,
            "cut %": _percent(lengths.share_beyond(lengths.limit)),
        }
    if absent:
        say(f"No tokenizer is here of: {', '.join(absent)}.")


_SHOWN: Final[Mapping[str, Callable[[Session, Sequence[Model], Mapping[str, Any]], Iterator[Row]]]] = {
    "list": _list,
    "use": _use,
    "paper": _paper,
    "cost": _cost,
    "tokens": _tokens,
}


def _add(session: Session, source: str, name: str, dim: int | None) -> None:
    """Write the model into config.toml."""
    from engine.catalog.adopt import adopt_source

    home = session.writable()
    added = adopt_source(home, source, name, dim)
    say(f"{added} is listed in {home.config_file}; `genearena run --models {added}` uses it.")


def _allow(session: Session, host: str) -> None:
    """Record that texts may go to `host`, which one of the user's models has to name."""
    from engine.embedding.endpoint.consent import agree, host_of

    hosts = [host_of(model) for model in list_models(session.home) if model.kind == "endpoint"]
    if host not in hosts:
        raise UsageError(*unknown("endpoint with the host", host, hosts))
    agree(session.writable(), host)
    say(f"Texts may be sent to {host}; take the consent back by deleting endpoints.json.")


def _where(model: Model, session: Session) -> str:
    path = local_path(model, session.home)
    return str(path) if path else ""


def _word(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _millions(number: int | None) -> str | None:
    return None if number is None else f"{number / 1e6:.1f}M"


def _unit(number: float | None, unit: str) -> str | None:
    return None if number is None else f"{number:g}{unit}"


def _mebibytes(size: int | None) -> int | None:
    return None if size is None else round(size / _MIB)


def _percent(share: float) -> float:
    return round(100 * share, 1)
