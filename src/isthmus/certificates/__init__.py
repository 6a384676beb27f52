"""Certificates: what was shown of a whole path, and not only of samples. One kind a folder, a line in `registries`."""

from isthmus.certificates.base import Certificate, Certifier, Shown
from isthmus.certificates.pieces import AffinePieces

__all__ = ["AffinePieces", "Certificate", "Certifier", "Shown"]
