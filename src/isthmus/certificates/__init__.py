"""Certificates: what was shown of a whole path, and not only of samples. One kind a folder, a line in `registries`."""

from isthmus.certificates.affine_pieces import AffinePieces
from isthmus.certificates.base import Band, Certificate, Certifier, Shown
from isthmus.certificates.taylor import TaylorModels

__all__ = ["AffinePieces", "Band", "Certificate", "Certifier", "Shown", "TaylorModels"]
