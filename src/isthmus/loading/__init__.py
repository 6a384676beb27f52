"""Loading: the one way from what a user names to a landscape, and to inputs with what the network sees in them."""

from isthmus.loading.choice import NetworkChoice, choose_device
from isthmus.loading.survey import Survey, survey

__all__ = ["NetworkChoice", "Survey", "choose_device", "survey"]
