"""Tables of vectors in the formats that are about; `read_vectors` reads and checks one."""

from __future__ import annotations

from engine.files.vectors.dimensions import LeftOut
from engine.files.vectors.read import Vectors, Wanted, read_vectors, read_whole

__all__ = ["LeftOut", "Vectors", "Wanted", "read_vectors", "read_whole"]
