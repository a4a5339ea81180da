"""`genearena models`: what there is to choose from, and what is known and measured of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from engine.catalog.controls import CONTROLS, part_of, title_of
from engine.catalog.models import find_model, list_models
from engine.catalog.revision import identified
from engine.plan.names import names
from store.controls import ROWS
from store.errors import ModelError, UsageError, unknown
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
from tui.commands.model_rows import SHOWN, Row, where


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
        put_json([{**asdict(model), "path": where(model, session) or None} for model in models])
        return
    rows = list(SHOWN[show](session, models, chosen))
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
