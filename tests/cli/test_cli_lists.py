"""`tasks`, `models`, `status`, `logs`: what there is, as text and as JSON."""

from __future__ import annotations

from conftest import Call, data
