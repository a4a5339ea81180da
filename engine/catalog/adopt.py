"""Writing a model into the user's config.toml, with everything else in it left as it is."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from engine.catalog.controls import CONTROLS
from engine.catalog.local import PACKAGED
from engine.catalog.models import find_model, list_models
from store.controls import ROWS
from store.errors import StoreError, UsageError
from store.files import replacing
from store.home import Home
from store.records import Model, content_hash
from store.tombstones import note_restored


def adopt_model(home: Home, values: Mapping[str, str | int | bool]) -> None:
    """Add one `[[models]]` table, so that the model is listed from now on.

    Args:
        home: whose config file is changed.
        values: the table's keys, `name` and `source` among them; see `engine.catalog.own`.

    Raises:
        UsageError: the file is not TOML, the name is taken, or the model cannot be used as told.
        StoreError: the file cannot be written.
    """
    import tomlkit

    check_model_name(home, str(values["name"]))
    path = home.config_file
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        document = tomlkit.parse(before)
        tables = document.setdefault("models", tomlkit.aot())
        table = tomlkit.table()
        table.update(values)
        tables.append(table)
        _replace(home, tomlkit.dumps(document))
        try:
            list_models(home)
        except UsageError:
            _replace(home, before)
            raise
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
    note_restored(home, "model", str(values["name"]), lambda: model_digest(values))


def drop_models(home: Home, names: Collection[str]) -> None:
    """Take the `[[models]]` tables of these names out of the config file; files of models stay.

    Raises:
        UsageError: the file is not TOML.
        StoreError: it cannot be written.
    """
    import tomlkit

    wanted = [place for place, table in enumerate(model_tables(home)) if table.get("name") in names]
    if not wanted:
        return
    document = tomlkit.parse(home.config_file.read_text(encoding="utf-8"))
    tables = document["models"]
    for place in reversed(wanted):
        del tables[place]
    if not tables:
        del document["models"]
    try:
        _replace(home, tomlkit.dumps(document))
    except OSError as error:
        raise StoreError(f"{home.config_file} cannot be written: {error.strerror}.") from error


def model_tables(home: Home) -> list[dict[str, Any]]:
    """The `[[models]]` tables of the config file as they are written, none of them checked.

    Raises:
        UsageError: the file is not TOML.
    """
    if not home.config_file.is_file():
        return []
    try:
        tables = tomllib.loads(home.config_file.read_text(encoding="utf-8")).get("models", [])
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{home.config_file} cannot be read as TOML: {error}.", "Correct it there."
        ) from error
    return [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []


def model_digest(table: Mapping[str, object]) -> str:
    """SHA-256 of a `[[models]]` table: its name, its source and all that is said of its use."""
    return content_hash(dict(table))


def adopt_source(home: Home, source: str, name: str = "", dim: int | None = None) -> str:
    """List the model that `source` means: a folder, `hf:org/name@commit`, an endpoint, or a listed name.

    Args:
        home: whose config file is changed.
        source: as on the command line; of a listed model, what its card says of its use goes along.
        name: what to call it; if empty, the end of its source, and `dim`.
        dim: numbers that are kept of each vector; None: all, or as its own files say.

    Returns:
        Its name.

    Raises:
        UsageError: the model does not exist or cannot be added, or its name is taken.
        StoreError: the file cannot be written.
    """
    values: dict[str, str | int | bool] = {"source": source}
    if not source.startswith(("http://", "https://")):
        values = _values(find_model(source, home))
    ending = str(values["source"]).partition("@")[0].rstrip("/").rpartition("/")[2].rpartition("#")[2]
    values["name"] = name or (f"{ending}-{dim}" if dim else ending)
    if dim:
        values["truncate_dim"] = dim
    adopt_model(home, values)
    return str(values["name"])


def _values(model: Model) -> dict[str, str | int | bool]:
    """The table that `model` would have in config.toml, without its name."""
    if model.kind in (*PACKAGED, "control"):
        raise UsageError(
            f"{model.name} is listed already and can only be used as it is.",
            "Name a folder, a model of the Hub or an endpoint.",
        )
    if model.kind == "vectors":
        raise UsageError(
            f"{model.name} is a table of vectors.", f"Keep it with: genearena import vectors {model.source}"
        )
    used = ("pooling", "normalize", "prefix", "max_tokens", "truncate_dim", "licence")
    values = {name: getattr(model, name) for name in used if getattr(model, name) not in (None, "")}
    hub = model.kind == "huggingface"
    return {**values, "source": f"hf:{model.source}@{model.version}" if hub else model.source}


def check_model_name(home: Home, name: str) -> None:
    """Refuse a name that a model or a control has already, in any spelling.

    Raises:
        UsageError: it is taken, or the config file cannot be read as models.
    """
    if name.casefold() in {*CONTROLS, *ROWS}:
        raise UsageError(f"{name!r} is the name of a control.", "Choose another with --name.")
    if name.casefold() in {model.name.casefold() for model in list_models(home)}:
        raise UsageError(f"There is a model named {name!r} already.", "Choose another with --name.")


def _replace(home: Home, text: str) -> None:
    path = home.config_file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replacing(path) as fresh:
        fresh.write_text(text, encoding="utf-8")
