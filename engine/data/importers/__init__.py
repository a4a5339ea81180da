"""From users' label files of many formats to tasks of the house format."""

from __future__ import annotations

from engine.data.importers.descriptions import DescriptionsReport, import_descriptions
from engine.data.importers.detect import KINDS
from engine.data.importers.labels import ImportReport, import_task, read_labels

__all__ = [
    "KINDS",
    "DescriptionsReport",
    "ImportReport",
    "import_descriptions",
    "import_task",
    "read_labels",
]
