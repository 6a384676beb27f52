"""Real against attacked inputs, with the controls that tell what the barrier adds (Figs. 4 to 6)."""

from isthmus.experiments.adversarial.experiment import Adversarial

__all__ = ["Adversarial"]
