"""For tests: landscapes whose barriers are known, and contracts that connectors of your own inherit.

Nothing in Isthmus imports this package.
"""

from isthmus.testing.contracts import ConnectorContract
from isthmus.testing.landscapes import Disconnected, DoubleWell, Ring, ToyLandscape

__all__ = ["ConnectorContract", "Disconnected", "DoubleWell", "Ring", "ToyLandscape"]
