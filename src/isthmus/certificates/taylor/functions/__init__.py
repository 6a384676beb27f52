"""Smooth functions of one number: Taylor series, and what their derivatives do not exceed. One family a file."""

from isthmus.certificates.taylor.functions.base import Series, Smooth
from isthmus.certificates.taylor.functions.erf import Erf, Gelu
from isthmus.certificates.taylor.functions.powers import Log, Power
from isthmus.certificates.taylor.functions.sigmoid import Exp, Sigmoid, Silu, Softplus, Tanh
from isthmus.certificates.taylor.functions.waves import Sine

__all__ = ["Erf", "Exp", "Gelu", "Log", "Power", "Series", "Sigmoid", "Silu", "Sine", "Smooth", "Softplus", "Tanh"]
