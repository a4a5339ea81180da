"""The command `genearena`: sees that the packages it is about to import are its own, and imports them.

`tui`, `engine` and `store` are names that others use too. A folder on PYTHONPATH comes before those of
installed packages, for this process and for all that it starts; so one that has such a name is refused.
"""

from __future__ import annotations

import contextlib
import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final, NoReturn

PACKAGES: Final = ("tui", "engine", "store")
_HERE: Final = Path(__file__).resolve().parent


def main() -> NoReturn:
    """Run the command line and leave with its exit code; 2 if other packages are in the way."""
    for name in PACKAGES:
        if other := _other(name):
            _leave(
                f"{other!r} would be imported in place of genearena's own package {name!r}.",
                "Take its folder off PYTHONPATH (env -u PYTHONPATH genearena), or start it elsewhere.",
            )
    _make_absolute("PYTHONPATH")
    if "_GENEARENA_COMPLETE" in os.environ:  # a shell asks what may come next; see `genearena completion`
        from tui.completion.answer import main as answer

        answer()
        sys.exit(0)
    try:
        from tui.cli import main
    except Exception as error:  # noqa: BLE001 - nothing of genearena is there yet to tell it
        _leave(
            f"genearena cannot be loaded ({type(error).__name__}: {str(error)!r}).",
            "Something on PYTHONPATH may be in the way: env -u PYTHONPATH genearena"
            if os.environ.get("PYTHONPATH")
            else "Install it again.",
        )
    sys.exit(main())


def _other(name: str) -> str:
    """Where this name would be imported from, here or in a process that is started, if it is not ours."""
    for folders in (sys.path, sys.path[not sys.flags.safe_path :]):
        found = PathFinder.find_spec(name, folders)
        place = (found.origin or str(found.submodule_search_locations)) if found else ""
        if found and Path(place).resolve().parent != _HERE / name:
            return place
    return ""


def _make_absolute(variable: str) -> None:
    """Let the folders mean to other processes, which start elsewhere, what they mean here."""
    if folders := os.environ.get(variable):
        with contextlib.suppress(OSError):  # the working directory is gone
            os.environ[variable] = os.pathsep.join(map(os.path.abspath, folders.split(os.pathsep)))


def _leave(sentence: str, hint: str) -> NoReturn:
    with contextlib.suppress(OSError, AttributeError):  # closed
        sys.stderr.write(f"error: {sentence} {hint}\n")
    sys.exit(2)


if __name__ == "__main__":
    main()
