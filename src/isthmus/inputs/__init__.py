"""Inputs: where the ends of a path come from."""
