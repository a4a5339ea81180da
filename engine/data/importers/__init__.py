"""Taking over what users have: label files and descriptions of many formats.

Vectors are imported by `engine.data.importers.vectors`, which needs numpy and is loaded on its own.
"""

from __future__ import annotations

from engine.data.importers.covered import import_covered
from engine.data.importers.descriptions import DescriptionsReport, import_descriptions
from engine.data.importers.gene_tables import GenesReport, import_genes
from engine.data.importers.labels import ImportReport, import_notes, import_task

__all__ = [
    "DescriptionsReport",
    "GenesReport",
    "ImportReport",
    "import_covered",
    "import_descriptions",
    "import_genes",
    "import_notes",
    "import_task",
]
