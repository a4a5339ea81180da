"""Writing a model into the user's config.toml, with everything else in it left as it is."""

from __future__ import annotations

from collections.abc import Mapping

from engine.catalog.models import list_models
from store.errors import StoreError, UsageError
from store.files import replacing
from store.home import Home


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


def check_model_name(home: Home, name: str) -> None:
    """Refuse a name that a model has already.

    Raises:
        UsageError: it is taken, or the config file cannot be read as models.
    """
    if name.casefold() in {model.name.casefold() for model in list_models(home)}:
        raise UsageError(f"There is a model named {name!r} already.", "Choose another with --name.")


def _replace(home: Home, text: str) -> None:
    path = home.config_file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replacing(path) as fresh:
        fresh.write_text(text, encoding="utf-8")
