"""Bounds: an answer to "does the loss stay below the threshold?" that need not look at every piece."""
