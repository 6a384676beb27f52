"""Series: waves and the readings of sensors."""

from isthmus.inputs.kinds.series.kind import Series

__all__ = ["Series"]
