"""Where things live for the user: data, cache, config and log folders."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from store.errors import StoreError, UnusableHome
from store.files import write_text
from store.format import FORMAT, check
from store.umask import keep_private


@dataclass(frozen=True, slots=True)
class Home:
    """The four folders; with `--home DIR` or `GENEARENA_HOME` all of them inside one."""

    data: Path
    cache: Path
    config: Path
    log: Path

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.data / "arena.duckdb"

    @property
    def journals(self) -> Path:
        """One append-only file for each process that saved results."""
        return self.data / "journal"

    @property
    def tasks(self) -> Path:
        """Imported tasks, one folder each."""
        return self.data / "tasks"

    @property
    def mailbox(self) -> Path:
        """The runner's lock, status, queue and requests."""
        return self.data / "runner"

    @property
    def embeddings(self) -> Path:
        """The embedding cache; may be deleted at any time."""
        return self.cache / "embeddings"

    @property
    def maps(self) -> Path:
        """Kept maps of genes; may be deleted at any time."""
        return self.cache / "maps"

    @property
    def downloads(self) -> Path:
        """Fetched files and their manifest."""
        return self.cache / "downloads"

    @property
    def config_file(self) -> Path:
        """The user's settings."""
        return self.config / "config.toml"

    @property
    def format_file(self) -> Path:
        """In which format results are kept here."""
        return self.data / "format"

    def check(self) -> Home:
        """Refuse what cannot be read, and results that are kept in another format; changes nothing.

        Raises:
            UnusableHome: a folder or file is there, but not for this user, or is something else.
            OtherFormat: results are kept in another format.
        """
        _look(self)
        results = _holds_results(self)  # looked for first: a new home gets its stamp before any result
        known = _stamp(self)
        if results or known:
            check(self.data, known)
        return self

    def create(self) -> Home:
        """Make the folders, which nobody else may enter (0700), whatever they were before.

        Raises:
            OtherFormat, UnusableHome: as `check`; nothing is changed.
            StoreError: a folder cannot be made or written.
        """
        self.check()
        for folder in (self.data, self.cache, self.config, self.log, self.journals, self.mailbox):
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                keep_private(folder)
            except OSError as error:
                raise StoreError(
                    f"The folder {folder} cannot be made: {error.strerror}.",
                    "Choose a writable place with --home DIR or GENEARENA_HOME.",
                ) from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise StoreError(
                    f"The folder {folder} cannot be written.",
                    "Choose a writable place with --home DIR or GENEARENA_HOME.",
                )
        if _stamp(self) != FORMAT:
            write_text(self.format_file, f"{FORMAT}\n", synced=True)
        return self


def _look(home: Home) -> None:
    """Refuse what is there and cannot be read: nobody is to take it for empty."""
    for folder in (home.data, home.cache, home.config, home.log, home.journals, home.mailbox):
        _check_readable(folder, stat.S_ISDIR, "folder")
    for file in (home.format_file, home.database, home.config_file, home.config / "endpoints.json"):
        _check_readable(file, stat.S_ISREG, "file")
    for file in (
        home.mailbox / "status.json",
        home.mailbox / "runner.lock",
        *home.journals.glob("*.jsonl"),
    ):
        _check_readable(file, bool, "file")


def _check_readable(path: Path, is_right: Callable[[int], bool], what: str) -> None:
    """Refuse `path` if it is there and is not what it should be, or not for this user."""
    reason: str | None
    mend = "Check who owns it, or choose another place"
    try:
        os.fsencode(path).decode()
        reason = "" if is_right(path.stat().st_mode) else f"it is not a {what}"
        if not reason and not os.access(path, os.R_OK | (os.X_OK if what == "folder" else 0)):
            reason = os.strerror(errno.EACCES)
    except FileNotFoundError:
        return
    except UnicodeDecodeError:
        reason = "its name is not UTF-8, which DuckDB cannot open"
        mend = "Rename it, or choose another place"
    except OSError as error:
        reason = error.strerror
    if reason:
        raise UnusableHome(
            f"The {what} {path} cannot be read: {reason}.",
            f"{mend} with --home DIR or GENEARENA_HOME.",
        )


def _holds_results(home: Home) -> bool:
    return home.database.exists() or next(home.journals.glob("*.jsonl"), None) is not None


def _stamp(home: Home) -> int:
    """The format that results are kept in; 0 if there is no stamp.

    Raises:
        UnusableHome: there is one that cannot be read.
    """
    try:
        text = home.format_file.read_text(encoding="ascii")
    except FileNotFoundError:
        return 0
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UnusableHome(
            f"The file {home.format_file} cannot be read: {reason}.", "Check who owns it."
        ) from error
    if not text.strip().isdigit():
        raise UnusableHome(
            f"The file {home.format_file} does not say in which format results are kept.",
            f"If this version wrote them, write {FORMAT} into it.",
        )
    return int(text)


def find_home(override: str | os.PathLike[str] | None = None) -> Home:
    """The home named by `override`, else by GENEARENA_HOME, else the platform's usual folders.

    Raises:
        UnusableHome, OtherFormat: as `Home.check`.
    """
    place = override or os.environ.get("GENEARENA_HOME")
    if place:
        try:
            root = Path(place).expanduser().absolute()
        except FileNotFoundError as error:  # from a folder that was deleted meanwhile
            raise UnusableHome(
                f"{place} cannot be found: the folder that you are in is gone.", "Change to another folder."
            ) from error
        return Home(root / "data", root / "cache", root / "config", root / "log").check()
    import platformdirs

    dirs = platformdirs.PlatformDirs("genearena", appauthor=False)
    places = (dirs.user_data_path, dirs.user_cache_path, dirs.user_config_path, dirs.user_log_path)
    return Home(*places).check()
