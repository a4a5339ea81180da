"""The keys that change which genes are listed: task, contestant, class, only the wrong, and the order."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from tui.screens.base import brackets
from tui.screens.genes import list_text
from tui.screens.genes.listing import GeneListing, name_of
from tui.widgets.grid import Grid


class TaskGenes(GeneListing):
    """A list of genes that keys change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right",
            "task(1)",
            "Task",
            tooltip="The genes of the next task",
            key_display="←→",
            id="genes.task",
        ),
        Binding("left", "task(-1)", "Previous task", show=False, id="genes.task-back"),
        *brackets(
            "contestant",
            ("genes.contestant", "Model", "As the next contestant tells them"),
            ("genes.contestant-back", "Previous model"),
        ),
        Binding("c", "one_class", "Class", show=False, tooltip="Only one class, or all", id="genes.class"),
        Binding(
            "w",
            "surely_wrong",
            "Wrong",
            show=False,
            tooltip="Only the confidently wrong: a mean error of .75 or more",
            id="genes.wrong",
        ),
    ]

    def widen(self) -> None:
        """Show every class, right and wrong."""
        if self.only is not None or self.surely_wrong:
            self.only, self.surely_wrong = None, False
            self.show_list()

    def action_task(self, step: int) -> None:
        """The next task, as the same contestant tells it if it does; after the last, all tasks."""
        if self.refused("genes.task"):
            return
        tasks = list(dict.fromkeys(item.task for item in self.contestants))
        at = tasks.index(self.of.task) if self.of is not None and self.of.task in tasks else len(tasks)
        at = (at + step) % (len(tasks) + 1)
        if at == len(tasks):
            self.go_to_every()
            return
        those = [item for item in self.contestants if item.task == tasks[at]]
        same = [item for item in those if self.of is not None and item.model == self.of.model]
        self.list_of((same or those)[0])

    def action_contestant(self, step: int) -> None:
        """The same task as the next contestant tells it."""
        if self.refused("genes.contestant") or self.of is None:
            return
        rivals = self.rivals
        at = next((i for i, item in enumerate(rivals) if name_of(item) == name_of(self.of)), 0)
        self.list_of(rivals[(at + step) % len(rivals)])

    def action_one_class(self) -> None:
        """Only the next class; after the last, all."""
        if self.genes is None:
            self.tell("The genes of all tasks have no one class; left and right choose a task.")
            return
        after = 0 if self.only is None else self.only + 1
        self.only = after if after < len(self.genes.classes) else None
        self.show_list()

    def action_surely_wrong(self) -> None:
        """Only the confidently wrong, or all."""
        if self.genes is None:
            self.tell("The genes of all tasks are sorted by error already; left and right choose a task.")
            return
        self.surely_wrong = not self.surely_wrong
        self.show_list()

    @on(Grid.SortAsked, "#genes")
    def _sort_asked(self, message: Grid.SortAsked) -> None:
        if self.genes is None:
            self.tell("The genes of all tasks stand by error; left and right choose a task to sort.")
            return
        if message.column < 0:
            self._order, self._turned = list_text.next_order(self._order, self.map is not None), False
        else:
            order = list_text.sortable(message.grid.columns[message.column].key)
            self._turned = order == self._order and not self._turned
            self._order = order
        self.show_list()
