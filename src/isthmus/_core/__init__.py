"""Core: what every room uses: files, shapes, geometry, random numbers, progress, batches, registries."""
