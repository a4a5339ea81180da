"""The command line's front door: global options, subcommands that are imported only when called,
and the one place where an error becomes a sentence and an exit code.

Exit codes: 0 ok, 1 some units failed, 2 usage or bad input, 3 store busy or damaged, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from store.errors import GeneArenaError, unforeseen
from store.umask import private_files
from tui.commands.common import Session, home_option
from tui.terminal.ink import PLAIN
from tui.terminal.wrapping import wrapped
from tui.widgets.text import clean

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "run": ("run", "Run models x tasks x protocols x seeds; what is done is skipped."),
    "plan": ("plan", "What a run would do; its time on other machines; its script for them."),
    "rank": ("rank", "Ranked tables in the paper's layout."),
    "compare": ("compare", "Two rows of your own: differences, intervals, a verdict."),
    "power": ("compare", "What your splits could show, and what it would take to show less."),
    "tasks": ("tasks", "The tasks, or one task's audit."),
    "genes": ("genes", "The hardest genes, or one gene in every task."),
    "models": ("models", "The models: where they are, how they are used, what they cost."),
    "sets": ("sets", "Sets of tasks, each with ranked tables of its own; name one."),
    "export": ("export", "Write rankings, scores, predictions, splits or vectors to a file."),
    "sql": ("sql", "One read-only SQL query on the store."),
    "status": ("steer", "What the runner is doing."),
    "attach": ("steer", "Follow the live run until it ends."),
    "pause": ("steer", "Start no further unit until resumed."),
    "resume": ("steer", "Go on after a pause, or with an interrupted run."),
    "queue": ("queue", "What waits and what is unfinished; remove some of it."),
    "cancel": ("steer", "Give up the live run, or one unit of it."),
    "logs": ("steer", "The runner's log."),
    "import": ("imports", "Import a task, vectors or descriptions of your own."),
    "remove": ("remove", "Remove a task, vectors, descriptions or a model of your own."),
    "fetch": ("imports", "Download a model or a public data set."),
    "sweep": ("sweep", "Fine-tuning's sensitivity to its settings."),
    "times": ("times", "What fine-tuning cost, beside the paper's Table 7."),
    "verify": ("care", "Recompute some saved splits and compare."),
    "repair": ("care", "Rebuild the database from the journals."),
    "doctor": ("care", "What is installed, what is wrong, and the command that mends it."),
    "merge": ("homes", "Take in the results, tasks and vectors of another home."),
    "backup": ("homes", "Keep everything that cannot be computed again in one file."),
    "restore": ("homes", "Take in what a backup holds."),
    "clean": ("homes", "What takes how much of the disk; removes what you name."),
    "serve": ("serve", "The arena in a browser on this machine."),
    "completion": ("completion", "What a shell reads to complete commands and values by tab."),
}
"""Name -> (module in `tui.commands`, the line in `--help`), so that help imports no command."""

_SAME: Final = """\
  genearena run              run the sample tasks with the bundled models
  genearena rank --all       the ranked tables
  genearena --help           everything else"""
HEADLESS: Final = f"""\
The arena needs a terminal. The same without one:
{_SAME}"""
WITHOUT_SCREENS: Final = f"""\
The screens cannot be read line by line. The same in words, each command with --plain or GENEARENA_PLAIN=1:
{_SAME}
  genearena status           what the runner is doing
  genearena compare A B      two models, with a verdict
  genearena genes GENE       one gene in every task"""


class Arena(click.Group):
    """A group that imports a subcommand when it is called, and ends every run with an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tui.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name when there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=COMMANDS, ctx=ctx
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list under `--help`, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> NoReturn:
        """Run and leave with the exit code; no traceback ever reaches the terminal."""
        _stand_in_for_closed_streams()
        prepare_environment()
        session = Session()
        run = super().main
        with private_files():
            code = _guarded(lambda: run(args, "genearena", standalone_mode=False, obj=session), session)
        sys.exit(_flush(code))


def _stand_in_for_closed_streams() -> None:
    """Let words go nowhere where a stream was closed (`>&-`), and not into the next file that is opened."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - open to the end


def prepare_environment() -> None:
    """Keep libraries from drawing bars, forking tokenisers or calling home behind the arena."""
    for name, value in {
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }.items():
        os.environ.setdefault(name, value)


def _guarded(work: Callable[[], Any], session: Session) -> int:
    """The exit code of `work()`, with every error told in one sentence on standard error."""
    try:
        return int(work() or 0)
    except GeneArenaError as error:
        return _tell(error.message, error.hint, error.exit_code)
    except click.ClickException as error:
        return _tell(error.format_message(), "", error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _tell("Interrupted.", "", 130)
    except OSError as error:
        if error.filename is None and error.errno == errno.ENOSPC:  # what the store writes has its own
            return _tell_unwritten(error)
        return _unforeseen(error, session)
    except Exception as error:  # noqa: BLE001 - the boundary: nothing unforeseen reaches the terminal raw
        return _unforeseen(error, session)


_NO_MEMORY: Final = (
    "failed to map segment", "annot allocate memory", "bad_alloc", "bad allocation", "Out of Memory",
    "start new thread", "insufficient memory",
)  # fmt: skip
"""What libraries say, each in its own way, when there is no memory for them."""


def _out_of_memory(error: BaseException | None) -> bool:
    """Whether want of memory is what is behind `error`."""
    if error is None:
        return False
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY):
        return True
    return _out_of_memory(error.__cause__ or error.__context__)


def _unforeseen(error: Exception, session: Session) -> int:
    if _out_of_memory(error):
        return _tell("There is not enough memory for this.", "End other programs, or raise `ulimit -v`.", 2)
    sentence = f"Something unforeseen went wrong ({unforeseen(error)})."
    return _tell(sentence, _logged(error, session), 1)


def _tell(sentence: str, hint: str, code: int) -> int:
    with contextlib.suppress(OSError):  # the terminal may be gone; the exit code still tells
        said = clean(f"error: {sentence} {hint}".rstrip(), limit=2000)
        click.echo(wrapped(said, sys.stderr, long=False), err=True)
    return code


def _flush(code: int) -> int:
    """Flush standard output; a reader that has left is not an error worth a word."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            _tell_unwritten(error)
        return code or 1
    return code


def _tell_unwritten(error: OSError) -> int:
    return _tell(f"Standard output cannot be written: {error.strerror}.", "", 1)


def _logged(error: Exception, session: Session) -> str:
    """Write the traceback to the rotating log; the sentence that says where."""
    try:
        import logging

        from store.logs import rotating_log

        path = session.home.log / "genearena.log"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and not path.is_file():  # a pipe would be waited for
            return f"The log cannot be written: {path} is not a file."
        handler = rotating_log(path, 1_000_000, 3)
    except (OSError, GeneArenaError, ImportError, MemoryError):
        return "The log cannot be written either."
    trace = (type(error), error, error.__traceback__)
    handler.emit(logging.LogRecord("genearena", logging.ERROR, __file__, 0, "unforeseen", None, trace))
    handler.close()
    return f"The details are in {path}."


@click.group(
    cls=Arena,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--offline", is_flag=True, help="Open no connection, whatever is asked.")
@click.version_option(package_name="genearena", message="%(prog)s %(version)s")
@click.option("--readonly", is_flag=True, help="Show the arena, but neither start nor steer.")
@click.option("--ascii", is_flag=True, help="Draw the arena with ASCII characters only.")
@click.option("--plain", is_flag=True, help="Print one thing a line, for screen readers and logs.")
@home_option
@click.pass_context
def cli(ctx: click.Context, offline: bool, readonly: bool, ascii: bool, plain: bool) -> int | None:
    """The arena of small text-embedding models on gene-classification tasks.

    Without a command: the terminal interface.
    """
    ctx.obj.offline = offline
    if offline:
        os.environ |= {"GENEARENA_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    elif ctx.invoked_subcommand not in (None, "fetch"):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if plain:
        os.environ[PLAIN] = "1"
    if ctx.invoked_subcommand is not None:
        return None
    if os.environ.get(PLAIN):
        click.echo(WITHOUT_SCREENS)
        return 0
    if not _has_screen():
        click.echo(HEADLESS, err=True)
        return 2
    # While modules load there is nothing to collect, and looking takes 5 % of the time to the first frame.
    gc.disable()
    home = ctx.obj.home if readonly else ctx.obj.writable()
    from tui.questions.arena import Arena

    arena = Arena(home, readonly)
    arena.read_ahead()
    from tui.app import run_app

    if os.environ.get("TEXTUAL_DRIVER"):
        from tui.terminal.leaving import leave_with_parent

        leave_with_parent()

    gc.enable()
    return run_app(arena, ascii)


def _has_screen() -> bool:
    """Whether the interface can be drawn: on a terminal, or by a driver that textual was told of."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


main = cli
