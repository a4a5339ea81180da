"""The user's own models: the `[[models]]` tables of config.toml, each key checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast, get_args
from urllib.parse import urlsplit

from engine.catalog.local import resolve_commit
from store.errors import UsageError, unknown
from store.files import read_toml, user_path
from store.home import Home
from store.models import Model, ModelKind, Pooling

_KEYS: Final[Mapping[str, type]] = {
    "name": str,
    "kind": str,
    "source": str,
    "revision": str,
    "digest": str,
    "dimension": int,
    "pooling": str,
    "normalize": bool,
    "prefix": str,
    "max_tokens": int,
    "truncate_dim": int,
    "licence": str,
    "note": str,
}
_TABLES: Final = ("models", "ui", "keymap")
"""All of config.toml; the last two are the terminal application's."""
_KINDS: Final = ("huggingface", "folder", "vectors", "endpoint")
_DIGEST: Final = re.compile(r"([0-9a-f]{64})?")
_LARGEST: Final = 2**31 - 1
"""Of a whole number, which the database keeps in 32 bits; libraries write 10**30 for `no limit`."""
_WORDS: Final = {str: "a text", int: f"a whole number from 1 to {_LARGEST}", bool: "true or false"}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"kind": _KINDS, "pooling": get_args(Pooling)}


def own_models(home: Home, taken: frozenset[str]) -> tuple[Model, ...]:
    """The models of `home.config_file`, in its order; none if there is no such file.

    Args:
        home: whose config file is read.
        taken: names that are already used.

    Raises:
        UsageError: the file is not TOML, or has an unknown table, or a model that lacks a key or has one
            that is unknown or cannot be used.
    """
    path = home.config_file
    if not path.is_file():
        return ()
    whole = read_toml(path)
    for name in whole:
        if name not in _TABLES:
            raise UsageError(*unknown(f"table of {path}", name, _TABLES))
    tables = whole.get("models", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(
            f"{path}: models has to be a list of tables.", "Write each model under [[models]]."
        )
    models: list[Model] = []
    for number, table in enumerate(tables, 1):
        where = f"{path}, model {number}"
        model = _model(table, where, home)
        if model.name in taken or model.name in {other.name for other in models}:
            raise UsageError(f"{where}: the name {model.name!r} is already taken.", "Choose another name.")
        models.append(model)
    return tuple(models)


def _model(table: Mapping[str, Any], where: str, home: Home) -> Model:
    _check(table, where)
    kind = table.get("kind") or _kind_of(table["source"])
    if kind == "vectors" and "truncate_dim" in table:
        raise UsageError(
            f"{where}: truncate_dim is for models that embed texts, not for a table of vectors.",
            "Remove that line.",
        )
    values = {key: value for key, value in table.items() if key not in ("kind", "revision")}
    values |= _RESOLVE[kind](table["source"], table.get("revision", ""), where, home)
    return Model(**values, kind=cast(ModelKind, kind))


def _check(table: Mapping[str, Any], where: str) -> None:
    for key, value in table.items():
        if key not in _KEYS:
            message, hint = unknown("key", key, _KEYS)
            raise UsageError(f"{where}: {message[0].lower()}{message[1:]}", hint)
        wanted = _KEYS[key]
        if type(value) is not wanted or (type(value) is int and not 1 <= value <= _LARGEST):
            raise UsageError(f"{where}: {key} has to be {_WORDS[wanted]}, not {value!r}.")
        if key in _CHOICES and value not in _CHOICES[key]:
            raise UsageError(f"{where}: {key} has to be one of {', '.join(_CHOICES[key])}, not {value!r}.")
    if not _DIGEST.fullmatch(table.get("digest", "")):
        raise UsageError(
            f"{where}: digest has to be the 64 digits of a SHA-256, not {table['digest']!r}.",
            "`genearena models --show use` tells that of a model that is here, as its revision.",
        )
    dim, whole = table.get("truncate_dim"), table.get("dimension")
    if dim and whole and dim > whole:
        raise UsageError(
            f"{where}: truncate_dim {dim} is more than the dimension {whole}.", "Write a smaller one."
        )
    for key in ("name", "source"):
        if not str(table.get(key, "")).strip():
            raise UsageError(f"{where}: {key} is missing.", f'Add a line: {key} = "..."')


def _kind_of(source: str) -> str:
    if source.startswith("hf:"):
        return "huggingface"
    if source.startswith(("http://", "https://")):
        return "endpoint"
    return "vectors" if Path(source).suffix and not user_path(source).is_dir() else "folder"


def _hub(source: str, revision: str, where: str, _: Home) -> dict[str, str]:
    name, pinned = [*source.removeprefix("hf:").split("@", 1), revision][:2]
    commit = resolve_commit(name, pinned)
    if commit is None:
        raise UsageError(
            f"{where}: revision {pinned or 'main'} of {name} is neither a commit nor on this machine.",
            'Pin it with revision = "COMMIT", the commit shown on the model\'s page.',
        )
    return {"source": name, "version": commit}


def _files(source: str, _: str, __: str, home: Home) -> dict[str, str]:
    path = user_path(source)
    return {"source": str((path if path.is_absolute() else home.config / path).resolve())}


def _endpoint(source: str, revision: str, where: str, _: Home) -> dict[str, str]:
    if not source.partition("#")[2]:
        raise UsageError(
            f"{where}: source does not name the endpoint's model.",
            "Put it after a #, as in http://localhost:8080/v1#nomic-embed-text.",
        )
    parts = urlsplit(source)
    if parts.query or "@" in parts.netloc:
        raise UsageError(
            f"{where}: the address of an endpoint has no user name, password or question mark.",
            "Put the key into the environment variable GENEARENA_ENDPOINT_KEY.",
        )
    return {"source": source, "revision": revision}


_RESOLVE: Final[Mapping[str, Callable[[str, str, str, Home], dict[str, str]]]] = {
    "huggingface": _hub,
    "folder": _files,
    "vectors": _files,
    "endpoint": _endpoint,
}
