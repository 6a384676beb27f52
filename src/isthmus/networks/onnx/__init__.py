"""Classifiers in ONNX files, as torch modules whose outputs were compared with those of the file.

| file | its part |
|---|---|
| `libraries` | onnx, onnx2torch and onnxruntime, an extra |
| `files` | reading: size, damage, weights that lie beside the file |
| `graph` | what every later step needs of a graph: its input, its output, and only the nodes between them |
| `head` | the softmax at the end is taken off, a sigmoid refused |
| `batches` | a file made for one input at a time takes many |
| `rewriting` | operators in the words of others |
| `constants` | weights that are computed from weights |
| `converting` | from the graph to a torch module |
| `modules` | operators of our own |
| `comparing` | the module against the file |
"""

from isthmus.networks.onnx.source import recipe

__all__ = ["recipe"]
