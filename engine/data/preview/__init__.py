"""Looking at a file before it is taken: what an import would make of it, with nothing written."""

from engine.data.preview.labels import LabelFile
from engine.data.preview.others import look_at_descriptions, look_at_vectors
from engine.data.preview.told import Preview
from engine.data.preview.words import lines_of

__all__ = ["LabelFile", "Preview", "lines_of", "look_at_descriptions", "look_at_vectors"]
