"""Benchmarks: what Isthmus must reach, measured on real networks and images."""
