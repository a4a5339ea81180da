"""The text of the `report.json` that is kept with what was imported."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def report_text(report: DataclassInstance) -> str:
    """A report as `json.dumps` writes it with `indent=1`, but a list of a million names at once."""
    said = ((field.name, getattr(report, field.name)) for field in fields(report))
    return "{\n" + ",\n".join(f' "{name}": {_written(value)}' for name, value in said) + "\n}\n"


def _written(value: Any) -> str:
    """`value` as a member of the report."""
    if isinstance(value, tuple) and value and not is_dataclass(value[0]):
        # With `indent` it is the encoder of Python that writes, not the one of C.
        listed = json.dumps(value, ensure_ascii=False, separators=(",\n  ", ": "))
        return f"[\n  {listed[1:-1]}\n ]"
    return json.dumps(value, ensure_ascii=False, indent=1, default=asdict).replace("\n", "\n ")
