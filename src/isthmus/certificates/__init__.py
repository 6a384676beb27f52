"""Certificates: what was shown of a whole path, and not only of samples. One kind a folder, a line in `registries`."""

from isthmus.certificates.affine_pieces import AffinePieces
from isthmus.certificates.base import Certificate, Certifier, Shown

__all__ = ["AffinePieces", "Certificate", "Certifier", "Shown"]
