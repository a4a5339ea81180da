"""What is typed, kept or imported on the Plan screen rather than chosen from a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.quantities import count
from tui.questions.catalog import Catalog
from tui.screens.copy_export import Taken
from tui.screens.plan.leaks import AuditingScreen
from tui.screens.plan.removing import RemovingScreen
from tui.settings import check_name
from tui.widgets.grid import Grid
from tui.widgets.rows import Column, Row

if TYPE_CHECKING:
    from engine.data.formats.choices import Choices
    from engine.plan.selection import Selection
    from tui.questions.imports import Imported
    from tui.widgets.commandbar import Command


def typed() -> dict[str, tuple[str, str]]:
    """Command -> what it does and takes; each sets one thing of the choice."""
    from engine.catalog.schemes import SCHEMES

    return {
        "scheme": (f"how splits are drawn: {' or '.join(SCHEMES)}", "NAME"),
        "seeds": ("which seeds, e.g. 41-60", "RANGE"),
        "axis": ("set an axis", "NAME=VALUE"),
        "text": ("the text recipe", "RECIPE"),
        "descriptions": ("a file whose texts replace the recipe's", "FILE"),
        "param": ("a parameter of the protocols", "NAME=VALUE"),
        "controls": ("which stand beside the models: none, default or all", "WHICH"),
        "model": ("add a model: hf:org/name@commit or a folder", "NAME"),
        "task": ("add a task: a name or a label file", "NAME"),
        "set": ("the tasks of a set and no others: paper, own, or one you named", "NAME"),
    }


class ChoosingScreen(AuditingScreen, RemovingScreen):
    """A screen with a selection that commands can change and imports can add to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "I",
            "import",
            "Import",
            show=False,
            tooltip="Import a task, vectors, texts or a model",
            id="plan.import",
        ),
        Binding(
            "F",
            "fetch",
            "Fetch",
            show=False,
            tooltip="Download the model under the cursor",
            id="plan.fetch",
        ),
    ]
    came_in: Imported | None = None
    """What was imported, until the lists have it."""

    @dataclass
    class Changed(Message):
        """The choice is another, from what was typed or kept."""

        selection: Selection

    @dataclass
    class KeptRead(Message):
        """The choices kept by name are there."""

        kept: Mapping[str, Selection]

    @dataclass
    class CameIn(Message):
        """Something new can be chosen, and is."""

        selection: Selection
        imported: Imported

    @dataclass
    class Fetched(Message):
        """Something is here that was not."""

        sentence: str

    def __init__(self) -> None:
        """Make the screen, with nothing chosen yet."""
        super().__init__()
        self.catalog = Catalog()
        """Everything that can be chosen; empty until it is read."""

    def choose(self, selection: Selection) -> None:
        """Make this the choice."""
        self.selection = selection

    # ------------------------------------------------------------------ typed and kept

    def receive(self, argument: str) -> None:
        """Show only the models that match."""
        self.query_one("#models", Grid).filter = argument

    def commands(self) -> list[Command]:
        """What is typed rather than chosen from a list."""
        from tui.widgets.commandbar import Command

        # An overlay's answer comes back to who opened it, and the command bar is gone by then.
        fetch = partial(self.call_next, self.fetch)
        return [
            *super().commands(),
            *(
                Command(name, what, partial(self.change, name), usage)
                for name, (what, usage) in typed().items()
            ),
            Command("save", "keep this choice under a name", self.save, "NAME"),
            Command("load", "choose as it was kept: a name, or none to pick one", self.load, "[NAME]"),
            Command("fetch", "download a model, or ncbi, hgnc, genept, ...", fetch, "NAME"),
            Command("sweep", "fine-tune over the paper's values of its settings", self.sweep, "[FACTORS]"),
        ]

    @work(thread=True, exclusive=True, group="change", exit_on_error=False)
    def change(self, what: str, value: str) -> None:
        """Set one thing of the choice from what was typed."""
        if self.selection is not None:
            self.post_message(self.Changed(self.arena.change(self.selection, what, value)))

    @work(thread=True, exclusive=True, group="change", exit_on_error=False)
    def save(self, name: str) -> None:
        """Keep the choice under a name."""
        if self.selection is not None:
            self.arena.save_selection(name, self.selection)
            self.post_message(Taken(f"Kept as {name}; :load {name} brings it back."))

    @work(thread=True, exclusive=True, group="change", exit_on_error=False)
    def load(self, name: str) -> None:
        """Choose as it was kept under a name, or list the names there are."""
        kept = self.arena.saved_selections()
        if name:
            check_name(name, kept, "kept choices")
            self.post_message(self.Changed(kept[name]))
        else:
            self.post_message(self.KeptRead(kept))

    @on(KeptRead)
    def _kept_read(self, message: KeptRead) -> None:
        from tui.screens.overlays.pickers import Pick

        columns = (Column("name", "name"), Column("what", "what was chosen", least=20))
        rows = [Row(name, (name, _in_short(chosen))) for name, chosen in message.kept.items()]

        def picked(name: str | None) -> None:
            if name:
                self.choose(message.kept[name])

        self.app.push_screen(Pick("Kept choices; :save NAME keeps this one", columns, rows), picked)

    @work(thread=True, exclusive=True, group="change", exit_on_error=False)
    def sweep(self, factors: str) -> None:
        """Queue one run for each value of fine-tuning's settings, or of those that are named."""
        from engine.plan.sweep import sweep_selections

        if self.selection is not None:
            named = [name.strip() for name in factors.split(",") if name.strip()]
            selections = sweep_selections(self.selection, named)
            self.arena.launch(*selections)
            self.post_message(Taken(f"{len(selections)} configurations are queued; 2 follows them."))

    @on(Changed)
    def _changed(self, message: Changed) -> None:
        self.choose(message.selection)

    # ------------------------------------------------------------------ importing

    def why_not(self, action: str) -> str:
        """A watcher imports nothing; only a model that is elsewhere can be fetched."""
        if action in ("plan.import", "plan.fetch") and self.arena.readonly:
            return "This window was opened with --readonly; nothing can be imported here."
        if action == "plan.fetch" and not self._model():
            return "Put the cursor on a model first."
        return super().why_not(action)

    def _model(self) -> str:
        grid = self.query_one("#models", Grid)
        return grid.current.key if grid.has_focus and grid.current else ""

    def action_import(self) -> None:
        """Ask what to import, and from where."""
        from tui.questions.imports import KINDS
        from tui.screens.overlays.dialogs import Ask

        if not self.refused("plan.import"):
            answers = [(name[0], what, name) for name, what in KINDS.items()]
            answers.append(("c", "a task cut to the genes that a table of vectors has", "covered"))
            self.app.push_screen(
                Ask("Import what?", "Your file stays where it is.", answers), self._ask_where
            )

    def _ask_where(self, kind: str | None) -> None:
        from tui.questions.imports import KINDS

        if kind == "covered":
            names = [task.name for task in self.catalog.tasks]
            self._ask("The task to cut: its name, or the path of its file.", self._ask_tables, names)
        elif kind is not None:
            self._ask(f"The path of {KINDS[kind]}.", partial(self.look_first, kind))

    def _ask_tables(self, task: str) -> None:
        models = [card.model for card in self.catalog.models if card.place]
        tables = [model.name for model in models if model.kind == "vectors"]
        self._ask(f"Whose genes of {task}? A table of vectors.", partial(self.import_part, task), tables)

    def _ask(self, sentence: str, then: Callable[[str], object], names: Sequence[str] = ()) -> None:
        from tui.screens.overlays.pickers import Prompt, missing

        def answered(typed: str | None) -> None:
            if typed:
                then(typed)

        check = partial(missing, there=self.arena.there, names=names)
        self.app.push_screen(Prompt("Import", sentence, paths=True, names=names, check=check), answered)

    def look_first(self, kind: str, path: str) -> None:
        """Show what would become of a file, and import it once that is agreed to."""
        from tui.questions.imports import LOOKED_AT
        from tui.screens.intake.screen import Intake

        if kind not in LOOKED_AT:
            self.import_file(kind, path)
            return

        def agreed(choices: Choices | None) -> None:
            if choices is not None:
                self.import_file(kind, path, choices)

        opened = partial(self.arena.open_preview, kind, path)
        self.app.push_screen(Intake(path, opened, self.arena.home.log), agreed)

    @work(thread=True, exclusive=True, group="import", exit_on_error=False)
    def import_file(self, kind: str, path: str, choices: Choices | None = None) -> None:
        """Take a file or folder over, and choose it."""
        self._take(self.arena.import_file(kind, path, choices))

    @work(thread=True, exclusive=True, group="import", exit_on_error=False)
    def import_part(self, task: str, tables: str) -> None:
        """Make a task of the genes of another that tables of vectors have, and choose it."""
        self._take(self.arena.import_part(task, tables))

    def _take(self, imported: Imported) -> None:
        chosen = self.selection
        if chosen is None:
            return
        if imported.change:
            # A task of one's own is what one came for: it is run alone.
            start = replace(chosen, tasks=()) if imported.change == "task" else chosen
            chosen = self.arena.change(start, imported.change, imported.name)
        self.post_message(self.CameIn(chosen, imported))

    def action_fetch(self) -> None:
        """Download the model under the cursor."""
        if not self.refused("plan.fetch"):
            self.fetch(self._model())

    def fetch(self, name: str) -> None:
        """Download a model or a public data set."""
        from tui.screens.overlays.download import Fetching

        self.app.push_screen(Fetching(self.arena, name), self._fetched)

    def _fetched(self, sentence: str | None) -> None:
        if sentence:
            self.post_message(self.Fetched(sentence))

    @on(Fetched)
    def _model_fetched(self, message: Fetched) -> None:
        self.tell(message.sentence, good=True)
        self.read_catalog()

    @on(CameIn)
    def _came_in(self, message: CameIn) -> None:
        self.selection = message.selection
        self.came_in = message.imported
        self.read_catalog()
        imported = message.imported
        chosen = "It is chosen. Close this, then enter runs what is chosen and 3 shows the ranks."
        hint = chosen if imported.change else ""
        if imported.change == "task":
            said = f"{imported.sentence}\n{imported.report}".strip()
            self.show_leaks(imported.name, message.selection, "Imported in", said, hint)
        else:
            from tui.screens.overlays.dialogs import Notice

            self.app.push_screen(Notice("Imported in", imported.sentence, hint, imported.report))


def _in_short(selection: Selection) -> str:
    chosen = (selection.models, selection.tasks, selection.protocols)
    scheme = "" if selection.scheme == "paper" else f" of {selection.scheme}"
    seeds = count(len(selection.seeds), "seed")
    return f"{'; '.join(', '.join(names) for names in chosen)}; {seeds}{scheme}"
