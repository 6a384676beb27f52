"""Networks: a fixed classifier with its normalisation, and where networks and weights come from."""

from isthmus.networks.network import Network
from isthmus.networks.specs import load_network

__all__ = ["Network", "load_network"]
