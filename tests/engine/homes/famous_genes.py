"""Two dozen genes that everybody knows, of which the tests of homes make tasks and vectors."""

from __future__ import annotations

GENES = (
    *("TP53", "BRCA1", "EGFR", "MYC", "KRAS", "PTEN", "AKT1", "CDK2", "JUN", "FOS", "RB1", "E2F1"),
    *("GATA1", "GATA2", "GATA3", "SOX2", "SOX9", "PAX6", "RUNX1", "STAT3", "SMAD4", "NOTCH1"),
    *("WNT1", "SHH"),
)
