"""Table: rows of numbers with units, of whole numbers, and of categories."""

from isthmus.inputs.kinds.table.columns import Feature
from isthmus.inputs.kinds.table.kind import Table

__all__ = ["Feature", "Table"]
