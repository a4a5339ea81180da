"""The dialog before an import: what would be made of the file, and keys to have it made otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from engine.data.formats.choices import Choices
from engine.data.genes.columns import Undecided
from engine.data.preview.told import Preview
from engine.files.vectors.dimensions import SeveralKeys
from store.errors import GeneArenaError
from tui.screens.intake.choosing import (
    FINE,
    check_conditions,
    conditions_of,
    moved,
    with_conditions,
    with_labels,
    with_other_positive,
    with_suggestion,
)
from tui.screens.intake.text import body_of, changes, columns_of, keys_of
from tui.screens.overlays.dialogs import Overlay, error_notice
from tui.screens.overlays.pickers import Pick, Prompt
from tui.widgets.rows import Column, Row
from tui.widgets.said import Said
from tui.widgets.words import READING, say

Look = Callable[[Choices], Preview]
"""What a file would become under some choices."""
_STILL = "Still reading; press it again once you see what is made of it."


class Intake(Overlay[Choices]):
    """A file that is looked at; enter gives the choices back with which it is imported, esc nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Import", tooltip="Import it like this", id="intake.take"),
        Binding("g", "genes", "Genes", tooltip="Choose the column of genes", id="intake.genes"),
        Binding(
            "l", "labels", "Labels", tooltip="Choose the column of labels or numbers", id="intake.labels"
        ),
        Binding("t", "texts", "Texts", tooltip="Choose the column of descriptions", id="intake.texts"),
        Binding(
            "s", "sheet", "Sheet", tooltip="Choose the sheet, or the matrix of vectors", id="intake.sheet"
        ),
        Binding("p", "positive", "Positive", tooltip="Make the other class positive", id="intake.positive"),
        Binding(
            "c", "condition", "Condition", tooltip="Type what makes the classes", id="intake.condition"
        ),
        Binding("right", "move(1)", "Higher", tooltip="Raise the threshold", id="intake.higher"),
        Binding("left", "move(-1)", "Lower", tooltip="Lower the threshold", id="intake.lower"),
        Binding("plus", f"move({FINE})", "A little higher", id="intake.finely-higher"),
        Binding("minus", f"move(-{FINE})", "A little lower", id="intake.finely-lower"),
    ]

    @dataclass
    class Seen(Message):
        """What would be made of the file under these choices."""

        choices: Choices
        shown: Preview

    @dataclass
    class Refused(Message):
        """There is nothing to show under these choices."""

        choices: Choices
        error: Exception

    def __init__(self, path: str, open_file: Callable[[], Look], log: Path) -> None:
        """Look at a file.

        Args:
            path: For the title.
            open_file: Opens it, in a thread.
            log: The folder of the log, for what is unforeseen.
        """
        super().__init__()
        self.title_shown = f"Import {Path(path).name}"
        self.choices = Choices()
        """What is chosen; `shown` follows."""
        self.shown: Preview | None = None
        self._shown_for = self.choices
        self._open_file = open_file
        self._look: Look | None = None
        self._looking = False
        self._log = log

    def compose_box(self) -> ComposeResult:
        """What would be made of it, and the keys."""
        with VerticalScroll(classes="box-body", can_focus=False):
            yield Said(READING, id="intake-body")
        yield Said(keys_of(None, self.choices), classes="box-keys", id="intake-keys")

    def on_mount(self) -> None:
        """Look at once."""
        self.want(self.choices)

    def want(self, choices: Choices) -> None:
        """Show what these choices would make; of several in a row, the last."""
        self.choices = choices
        if not self._looking:
            self._looking = True
            self._see(choices)

    @work(thread=True, group="look", exit_on_error=False)
    def _see(self, choices: Choices) -> None:
        try:
            self._look = self._look or self._open_file()
            shown = self._look(choices)
        except Exception as error:  # noqa: BLE001 - whatever it is, a person is told of it
            self.post_message(self.Refused(choices, error))
        else:
            self.post_message(self.Seen(choices, shown))

    @on(Seen)
    def _seen(self, message: Seen) -> None:
        self._looking = False
        self.shown, self._shown_for = message.shown, message.choices
        self.query_one("#intake-body", Said).show(body_of(message.shown))
        self.query_one("#intake-keys", Said).show(keys_of(message.shown, message.choices))
        if message.choices != self.choices:
            self.want(self.choices)
        elif message.shown.suggested:
            self.want(with_suggestion(self.choices, message.shown.suggested))

    @on(Refused)
    def _refused(self, message: Refused) -> None:
        self._looking = False
        if isinstance(message.error, Undecided) and message.error.option == "set":
            rows = [(name, "") for name in message.error.answers]
            self._pick(
                message.error.message, rows, lambda name: replace(self.choices, sets=(name,)), leave=True
            )
        elif isinstance(message.error, SeveralKeys) and self.shown is None:
            rows = [(name, "") for name in message.error.answers]
            self._pick(message.error.message, rows, lambda name: Choices(sheet=name), leave=True)
        elif self.shown is None or not isinstance(message.error, GeneArenaError):
            self.dismiss(None)
            self.app.push_screen(error_notice(message.error, self._log))
        else:
            self.choices = self._shown_for
            self._tell(message.error.message)

    # ------------------------------------------------------------------ keys

    def action_take(self) -> None:
        """Import it as it is shown."""
        if self.shown is None or self._looking:
            self._tell(_STILL)
        elif self.shown.problem:
            self._tell(self.shown.problem)
        else:
            self.dismiss(self.choices)

    def action_genes(self) -> None:
        """Choose the column of genes."""
        self._pick_column("genes", lambda title: replace(self.choices, gene_column=title))

    def action_labels(self) -> None:
        """Choose the column of labels, or of numbers to cut in two."""
        self._pick_column("labels, or numbers to make classes of", partial(with_labels, self.choices))

    def action_texts(self) -> None:
        """Choose the column of descriptions."""
        self._pick_column("descriptions", lambda title: replace(self.choices, text_column=title))

    def action_sheet(self) -> None:
        """Choose the sheet of a workbook, or one of several matrices of vectors."""
        if self.shown is None:
            self._tell(_STILL)
        elif len(self.shown.sheets) > 1:
            rows = [(name, "") for name in self.shown.sheets]
            # Another sheet has other columns.
            what = "The sheet or matrix" if self.shown.what == "vectors" else "The sheet"
            self._pick(what, rows, lambda name: Choices(sheet=name))
        else:
            self._tell("It has no other sheets.")

    def action_positive(self) -> None:
        """Make the other of two classes the positive one."""
        if self.shown is not None and len(self.shown.classes) == 2:
            self.want(with_other_positive(self.choices, self.shown))
        else:
            self._tell("There is a positive class where there are two.")

    def action_condition(self) -> None:
        """Type what makes the classes."""
        if not self._has_columns():
            return

        def typed(condition: str | None) -> None:
            if condition:
                self.want(with_conditions(self.choices, condition))

        example = "down: padj < 0.05 and log2FoldChange < 0; rest: padj > 0.5"
        about = f"A condition for each class, with ';' between them, as\n{example}\n"
        if self.choices.threshold:
            about += f"or only where {self.choices.label_from} is cut, as <0.01"
        check = partial(check_conditions, self.shown.header if self.shown else ())
        now = conditions_of(self.choices)
        self.app.push_screen(Prompt("Classes by numbers", about, now, check=check), typed)

    def action_move(self, steps: float) -> None:
        """Move the threshold."""
        if self.shown is None or not self.choices.threshold:
            self._tell("There is no threshold to move; l chooses a column of numbers.")
        else:
            self.want(moved(self.choices, self.shown, steps))

    def _has_columns(self) -> bool:
        if self.shown is not None and changes(self.shown):
            return True
        self._tell("This file has no columns to choose.")
        return False

    def _pick_column(self, what: str, chosen: Callable[[str], Choices]) -> None:
        if self._has_columns() and self.shown is not None:
            self._pick(f"The column of {what}", list(columns_of(self.shown)), chosen)

    def _pick(
        self,
        title: str,
        rows: Sequence[tuple[str, str]],
        chosen: Callable[[str], Choices],
        leave: bool = False,
    ) -> None:
        def picked(name: str | None) -> None:
            if name is not None:
                self.want(chosen(name))
            elif leave:
                self.dismiss(None)

        columns = (Column("name", "name"), Column("now", "now", least=20))
        self.app.push_screen(Pick(title, columns, [Row(name, (name, now)) for name, now in rows]), picked)

    def _tell(self, sentence: str) -> None:
        self.app.notify(say(sentence).plain, severity="warning", timeout=4, markup=False)
