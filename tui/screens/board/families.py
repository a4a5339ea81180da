"""The table beside the same with gene families kept apart, as a sheet over the Board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message

from store.errors import StoreBusy
from tui.ranked import families
from tui.screens.board.run_missing import FillingScreen
from tui.screens.overlays.dialogs import Notice

if TYPE_CHECKING:
    from tui.ranked.standings import Standing


class ApartScreen(FillingScreen):
    """A screen with a ranked table, of which `f` shows what is left without relatives in training."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f",
            "families",
            "Families",
            show=False,
            tooltip="Each own row beside the same with families of genes kept apart",
            id="board.families",
        ),
    ]

    @dataclass
    class ApartRead(Message):
        """It is known how the rows do with families kept apart."""

        standing: Standing

    def standing(self) -> Standing | None:
        """The table as it is shown; None while it is not known what its scores can tell."""
        raise NotImplementedError

    @work(thread=True, exclusive=True, group="apart", exit_on_error=False)
    def read_apart(self, standing: Standing) -> None:
        """Read the table of the same arm with families kept apart."""
        try:
            found = self.arena.kept_apart(standing)
        except StoreBusy as error:
            self.app.call_from_thread(self.tell, error.message)
        else:
            self.post_message(self.ApartRead(found))

    @on(ApartRead)
    def _apart_read(self, message: ApartRead) -> None:
        standing = message.standing
        if standing.apart is None:
            nothing = "This table has no other with families kept apart."
            self.tell(families.how_to(standing.table.table) or nothing)
        else:
            title = families.title(standing.apart)
            self.app.push_screen(Notice(title, "", body=families.sheet(standing)))

    def action_families(self) -> None:
        """Show what is left without relatives in training."""
        standing = self.standing()
        if not self.refused("board.families") and standing is not None:
            self.read_apart(standing)
