"""Certificates: what was shown of a whole path, and not only of samples. One kind a folder or file, a line in
`registries`.
"""

from isthmus.certificates.affine_pieces import AffinePieces
from isthmus.certificates.base import Band, Cells, Certificate, Certifier, Shown
from isthmus.certificates.cheapest import Cheapest
from isthmus.certificates.samples import UniformSamples
from isthmus.certificates.taylor import TaylorModels

__all__ = [
    "AffinePieces",
    "Band",
    "Cells",
    "Certificate",
    "Certifier",
    "Cheapest",
    "Shown",
    "TaylorModels",
    "UniformSamples",
]
