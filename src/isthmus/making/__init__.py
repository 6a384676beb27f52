"""Making inputs: attacks and synthesis, which need a landscape to move on."""

from isthmus.making.art_attacks import ART
from isthmus.making.attacks import Attacked, TargetedAdam, attack
from isthmus.making.foolbox_attacks import Foolbox
from isthmus.making.fourier import Fourier
from isthmus.making.method import AttackMethod, SynthesisMethod
from isthmus.making.pgd import PGD
from isthmus.making.synthesis import FromNoise, Synthesized, synthesize

__all__ = [
    "ART",
    "PGD",
    "AttackMethod",
    "Attacked",
    "Foolbox",
    "Fourier",
    "FromNoise",
    "SynthesisMethod",
    "Synthesized",
    "TargetedAdam",
    "attack",
    "synthesize",
]
