"""Two Python files, connected? Paths through the vectors of bytes of magika, a real classifier of 214 types of files.

    python -m benchmarks.file_types --pairs 10 --type python

Needs magika (1.0, Apache-2.0) and isthmus[onnx]. The graph that magika ships begins with bytes; it is cut behind its
embedding, so that inputs are vectors of tokens: 1024 bytes of the beginning of a file and 1024 of its end, or the
padding 256. Files are those of the standard library and of installed packages, recognised with low loss.
"""

from __future__ import annotations

import argparse
import json
import sysconfig
import tempfile
from pathlib import Path

import torch

import isthmus
from isthmus.connecting import as_kept
from isthmus.inputs import Tokens
from isthmus.inputs.kinds.tokens.vocabulary import Vocabulary

HALF, PADDING = 1024, 256


class Bytes:
    """Tokens are bytes; the text of a file as magika cuts it."""

    def encode(self, text: str) -> list[int]:
        """Bytes of the beginning and of the end, padded between."""
        data = text.encode("utf-8", "surrogateescape").strip()
        begin, end = list(data[:HALF]), list(data[-HALF:])
        return begin + [PADDING] * (HALF - len(begin)) + [PADDING] * (HALF - len(end)) + end

    def decode(self, ids: list[int]) -> str:
        """The text of some bytes."""
        return bytes(int(number) for number in ids if int(number) < PADDING).decode("utf-8", "replace")


def load() -> isthmus.Network:
    """Magika from the vectors of its bytes on."""
    import magika
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    folder = next(Path(magika.__file__).parent.glob("models/*/model.onnx")).parent
    model = onnx.load(folder / "model.onnx")
    product = next(each for each in model.graph.node if each.op_type == "MatMul")
    weights = {each.name: each for each in model.graph.initializer}
    matrix = torch.from_numpy(numpy_helper.to_array(weights[product.input[1]]).copy())
    vectors = product.output[0]
    for node in model.graph.node:
        if node.op_type == "Shape":
            node.input[0] = vectors  # of which it takes the first length alone
    kept = [node for node in model.graph.node if vectors not in node.output]
    kept.sort(key=lambda node: node.op_type != "Shape")
    del model.graph.node[:], model.graph.input[:]
    model.graph.node.extend(kept)
    shape = ["n", 2 * HALF, matrix.shape[1]]
    model.graph.input.append(helper.make_tensor_value_info(vectors, TensorProto.FLOAT, shape))
    cut = onnx.utils.Extractor(model).extract_model([vectors], [model.graph.output[0].name])
    with tempfile.TemporaryDirectory() as place:
        onnx.save(cut, Path(place) / "cut.onnx")
        plain = isthmus.load_network(f"onnx:{place}/cut.onnx")
    embedding = torch.nn.Embedding.from_pretrained(matrix)
    names = json.loads(next(folder.glob("config*.json")).read_text())["target_labels_space"]
    kind = Tokens(vocabulary=Vocabulary(tokenizer=Bytes(), embedding=embedding, length=2 * HALF, filler=PADDING))
    return isthmus.Network(plain.model, input_kind=kind, class_names=names, name="magika")


def main() -> None:
    """Prints what came of the pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--type", default="python")
    chosen = parser.parse_args()
    network = load()
    kind = network.input_kind
    assert isinstance(kind, Tokens) and kind.vocabulary is not None
    landscape = isthmus.Landscape(network)
    ending = {"python": ".py", "c": ".h", "html": ".html", "markdown": ".md", "txt": ".txt"}[chosen.type]
    places = (sysconfig.get_paths()[name] for name in ("stdlib", "purelib"))
    files = sorted(
        file for place in places for file in Path(place).rglob(f"*{ending}") if file.stat().st_size > 2 * HALF
    )
    files = files[:: max(1, len(files) // (6 * chosen.pairs))]
    texts = [file.read_text(encoding="utf-8", errors="surrogateescape") for file in files]
    x = kind.vocabulary.embedded([kind.vocabulary.ids(text) for text in texts])
    logits = torch.cat([landscape.logits(part) for part in x.split(16)])
    wanted = network.class_names.index(chosen.type)
    rows = (logits.argmax(1) == wanted).nonzero()[:, 0][: 2 * chosen.pairs]
    print(
        f"{len(files)} files, {int((logits.argmax(1) == wanted).sum())} seen as {chosen.type}; {len(rows) // 2} pairs"
    )
    half = len(rows) // 2
    pairs = isthmus.connect(landscape, x[rows[:half]], x[rows[half : 2 * half]], wanted, progress=False)
    direct = [pair.direct.max_loss for pair in pairs]
    print(f"max loss of the direct paths: {', '.join(f'{value:.3g}' for value in direct)}")
    print(
        f"connected {sum(pair.connected for pair in pairs)} (directly {sum(not pair.rounds for pair in pairs)}), "
        f"deviation {max(pair.path.deviation for pair in pairs):.2%} at most, "
        f"{sorted(pair.forward_equivalents for pair in pairs)[half // 2]} forward-equivalents a pair"
    )
    for pair, each in zip(pairs, as_kept(landscape, pairs, points=41), strict=True):
        middle = kind.text(pair.path.at(0.5))[:60]
        print(
            f"  {each}; highest loss {each.max_loss:.3g} of the bytes, {pair.profile.max_loss:.3g} of the path; "
            f"bytes in the middle: {middle!r}"
        )


if __name__ == "__main__":
    main()
