"""`genearena times`: what fine-tuning cost, in the layout of the paper's Table 7."""

from __future__ import annotations

from engine.catalog.models import list_models
from store.reference import reference_minutes
from tui.commands.common import Session, command, flat, json_option, put_json, put_table, say

_COLUMNS = (
    "protocol",
    "preset",
    "scheme",
    "model",
    "task",
    "splits",
    "minutes",
    "load",
    "tokenise",
    "train",
    "eval",
    "paper",
)


@command("times")
@json_option
def times_command(session: Session, as_json: bool) -> None:
    """Minutes for ten splits of each model and task, by phase, beside the paper's Table 7."""
    from store import connect
    from store.queries import cell_times

    home = session.saved
    with connect(home) as connection:
        cells = cell_times(connection)
    papers = {model.name: model.paper_name for model in list_models(home)}
    printed = reference_minutes()
    lines = [
        {**flat(cell), "paper": printed.get((papers.get(cell.model, ""), cell.task))} for cell in cells
    ]
    if as_json:
        put_json(lines)
        return
    if not lines:
        say("No fine-tuning has been scored yet; `genearena run --protocols finetune` does it.")
        return
    alike = all(line["scheme"] == "paper" for line in lines)
    columns = [column for column in _COLUMNS if column != "scheme" or not alike]
    shown = [[_cell(line[column]) for column in columns] for line in lines]
    put_table(columns, shown, right=set(range(columns.index("splits"), len(columns))))
    say("Minutes of wall time for ten splits; the paper's are of one NVIDIA TITAN Xp.")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
