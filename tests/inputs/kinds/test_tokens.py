from __future__ import annotations

import threading

import pytest
import torch
from kinds_of_inputs import WORDS, Sentiment, Words, sentiment, text_network

import isthmus
from isthmus.connecting import KeptOutcome, as_kept
from isthmus.errors import ImageError, InputError, NetworkError
from isthmus.inputs import Tokens


def test_vectors_give_what_numbers_give():
    network, model = text_network(), sentiment()
    texts = ["a good film", "the plot was awful", "fine"]
    ids = torch.tensor([network.input_kind.vocabulary.ids(text) for text in texts])
    assert torch.allclose(network.logits(network.embed(texts)), model(ids), atol=1e-6)
    assert network.input_shape == (6, 8) and network.texts(network.embed(texts)) == texts


def test_the_weights_are_the_models_own():
    model = Sentiment()
    network = isthmus.TextNetwork(model, Words(), length=6)
    before = network.logits(network.embed(["a film"]))
    with torch.no_grad():
        model.head.bias += 1
        model.embedding.weight[2] += 1
    assert not torch.allclose(network.logits(network.embed(["a film"])), before)
    assert isinstance(model.embedding, torch.nn.Embedding) and not model._forward_hooks


def test_threads_do_not_see_each_others_texts():
    network = text_network()
    x = network.embed(["a good film", "an awful plot"])
    alone = [network.logits(each[None]) for each in x]
    wrong = []

    def work(k):
        wrong.extend(k for _ in range(60) if not torch.allclose(network.logits(x[k][None]), alone[k], atol=1e-6))

    threads = [threading.Thread(target=work, args=(k,)) for k in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_texts_that_cannot_be_used_end_in_one_line():
    network = text_network()
    for text, message in (("a " * 7, "has 7 tokens, and inputs here have 6"), ("", "holds no text|is empty")):
        with pytest.raises(ImageError, match=message) as caught:
            network.embed([text])
        assert "\n" not in str(caught.value)

    class Foreign(Words):
        def encode(self, text):
            return [len(WORDS) + 5]

    with pytest.raises(ImageError, match="is the tokenizer the network's own"):
        isthmus.TextNetwork(sentiment(), Foreign(), length=6).embed(["a"])


@pytest.mark.usefixtures("as_installed")
def test_networks_that_cannot_be_used_end_in_one_line():
    with pytest.raises(NetworkError, match=r"no torch.nn.Embedding"):
        isthmus.TextNetwork(torch.nn.Linear(2, 2), Words(), length=6)
    with pytest.raises(NetworkError, match=r"encode\(text\)"):
        isthmus.TextNetwork(sentiment(), "words", length=6)

    class Two(Sentiment):
        def __init__(self):
            super().__init__()
            self.kind = torch.nn.Embedding(2, 8)

    with pytest.raises(NetworkError, match="has embedding, kind: give the one for tokens"):
        isthmus.TextNetwork(Two(), Words(), length=6)
    two = Two()
    assert isthmus.TextNetwork(two, Words(), length=6, embedding=two.embedding, check=False).input_shape == (6, 8)


def test_a_padding_index_does_not_hide_the_vectors():
    class Masked(Sentiment):
        def forward(self, ids):
            hidden = ids == 0
            return self.head(self.layer(self.embedding(ids) + self.position, src_key_padding_mask=hidden).mean(1))

    model = Masked().eval()
    network = isthmus.TextNetwork(model, Words(), length=6, filler=0)
    x = torch.randn(2, 6, 8)
    logits = network.logits(x)
    assert bool(logits.isfinite().all()) and not torch.allclose(logits[0], logits[1], atol=1e-3)


def test_a_path_of_vectors_is_read_as_texts():
    network = text_network()
    landscape = isthmus.Landscape(network)
    a, c = network.embed(["a good film"]), network.embed(["the plot was great"])
    found = isthmus.connect(landscape, a, c, "good", threshold=5.0)
    (kept,) = as_kept(landscape, found)
    texts = network.texts(found[0].path.at(torch.linspace(0, 1, 51, dtype=torch.float64)))
    assert texts[0] == "a good film" and texts[-1] == "the plot was great"
    assert kept.inputs >= len(set(texts)) and str(kept) == "connected through texts"
    words = network.input_kind.reading(c[0], a[0])
    assert words.startswith("4 of 6 nearest tokens are others: a → the, good → plot")


def test_connected_in_the_embedding_and_not_through_texts_is_its_own_outcome():
    network = text_network()
    landscape = isthmus.Landscape(network)
    x = network.embed(
        ["a good film", "the great plot", "fine film was good", "great", "the plot was fine", "good good"]
    )
    index = torch.combinations(torch.arange(len(x)))
    straight = isthmus.StraightLine()
    found = isthmus.connect(landscape, x[index[:, 0]], x[index[:, 1]], "good", threshold=9.0, method=straight)
    through = as_kept(landscape, found)
    # A pair on whose path the texts are higher than the path, and a threshold between.
    apart = [each.max_loss - pair.profile.max_loss for each, pair in zip(through, found, strict=True)]
    pair, each = max(zip(found, through, strict=True), key=lambda both: both[1].max_loss - both[0].profile.max_loss)
    assert max(apart) > 1e-3 and each.outcome is KeptOutcome.CONNECTED
    between = (pair.profile.max_loss + each.max_loss) / 2
    ends = pair.path.ends
    again = isthmus.connect(landscape, ends[:1], ends[1:], "good", threshold=between, method=straight)
    kept = as_kept(landscape, again)[0]
    assert kept.outcome is KeptOutcome.LOST and str(kept) == "connected in the embedding, not through texts"
    low = isthmus.connect(landscape, ends[:1], ends[1:], "good", threshold=1e-9, method=straight)
    assert as_kept(landscape, low)[0].outcome is KeptOutcome.NOT_CONNECTED


def test_images_have_no_rounding_that_is_looked_at_unasked(digits, digit_pairs):
    a, c, y = digit_pairs
    found = isthmus.connect(digits, a[:2], c[:2], y[:2])
    kept = as_kept(digits, found, points=11)
    assert str(kept[0]) in (
        "connected through 8-bit images",
        "connected in the space of images, not through 8-bit images",
    )
    assert float(kept[0].loss[0]) == pytest.approx(float(found[0].direct.loss[0]), rel=1e-6)  # ends are not rounded
    assert not digits.input_kind.discrete
    with pytest.raises(InputError, match="at least 2 points"):
        as_kept(digits, found, points=1)


def test_what_is_read_again_without_its_network_says_so(tmp_path):
    network = text_network()
    landscape = isthmus.Landscape(network)
    found = isthmus.connect(landscape, network.embed(["a good film"]), network.embed(["the great plot"]), "good")
    found.save(tmp_path / "run")
    again = isthmus.Connections.load(tmp_path / "run")
    assert isinstance(again[0].input_kind, Tokens) and again[0].drawn_as.reading(again[0].path.at(0.5)) == ""
    with pytest.raises(InputError, match="without their network"):
        again[0].input_kind.text(again[0].path.at(0.5))
    known = isthmus.Connections.load(tmp_path / "run", input_kind=network.input_kind)
    assert known[0].input_kind.text(known[0].path.at(0.0)) == "a good film"


def test_the_box_of_token_vectors():
    network = isthmus.TextNetwork(sentiment(), Words(), length=6, within="box")
    landscape = isthmus.Landscape(network)
    x = network.embed(["a good film", "the awful plot"])
    assert bool(landscape.domain.contains(x).all()) and not bool(landscape.domain.contains(10 * x).all())
    assert isinstance(isthmus.Landscape(text_network()).domain, isthmus.Unbounded)


def test_files_of_texts(tmp_path):
    kind = text_network().input_kind
    (tmp_path / "lines.txt").write_text("a good film\n\nthe awful plot\n")
    lines = kind.open(tmp_path / "lines.txt")
    assert len(lines) == 2 and lines.labels == (None, None) and lines.names[1] == "lines.txt:1 the awful plot"
    (tmp_path / "texts.csv").write_text("text,label\na good film,good\nthe awful plot,bad\n")
    assert kind.open(tmp_path / "texts.csv").labels == ("good", "bad")
    for label in ("good", "bad"):
        (tmp_path / "folder" / label).mkdir(parents=True)
        (tmp_path / "folder" / label / "one.txt").write_text(f"a {label} film")
    folder = kind.open(tmp_path / "folder")
    assert folder.labels == ("bad", "good") and torch.equal(folder.read(1, kind), kind.embed("a good film"))
    assert torch.equal(kind.read("a good film"), kind.embed("a good film"))
    (tmp_path / "other.csv").write_text("words\na\n")
    with pytest.raises(ImageError, match="has no column 'text'"):
        kind.open(tmp_path / "other.csv")


class Layered(torch.nn.Module):
    """Sums of the vectors that a layer makes of tokens, or that something else does."""

    def __init__(self, layer, forward):
        super().__init__()
        self.layer, self.head, self.own = layer, torch.nn.Linear(8, 3), forward

    def forward(self, ids):
        return self.head(self.own(self, ids))


class Scaled(torch.nn.Embedding):
    def forward(self, ids):
        return super().forward(ids) * 4


def hooked():
    layer = torch.nn.Embedding(len(WORDS), 8)
    layer.register_forward_hook(lambda module, given, made: 2 * made)
    return layer


@pytest.mark.parametrize("make", [lambda: Scaled(len(WORDS), 8), hooked, lambda: torch.nn.Embedding(len(WORDS), 8, 0)])
def test_vectors_are_what_the_layer_makes(make):
    torch.manual_seed(0)
    model = Layered(make(), lambda self, ids: torch.tanh(self.layer(ids)).sum(1)).eval()
    network = isthmus.TextNetwork(model, Words(), length=3)
    ids = torch.tensor([[5, 7, 8], [6, 3, 9]])
    texts = [Words().decode(row) for row in ids.tolist()]
    assert torch.allclose(network.logits(network.embed(texts)), model(ids), atol=1e-5)
    assert network.texts(network.embed(texts)) == texts


@pytest.mark.parametrize(
    "forward",
    [
        lambda self, ids: torch.nn.functional.embedding(ids, self.layer.weight).sum(1),
        lambda self, ids: self.layer.weight[ids].sum(1),
        lambda self, ids: self.layer(ids).sum(1) + ids.sum(1, keepdim=True) % 7,
        lambda self, ids: self.layer(ids).sum(1) + self.layer(ids[:, :1] * 0).sum(1),
    ],
)
def test_what_is_made_of_numbers_elsewhere_is_refused(forward):
    torch.manual_seed(0)
    model = Layered(torch.nn.Embedding(len(WORDS), 8), forward)
    with pytest.raises(NetworkError, match="says something else than of the texts themselves"):
        isthmus.TextNetwork(model, Words(), length=3)
    isthmus.TextNetwork(model, Words(), length=3, check=False)


def test_an_embedding_that_changes_while_it_is_read_is_refused():
    layer = torch.nn.Embedding(len(WORDS), 8, max_norm=0.5)
    with pytest.raises(NetworkError, match="has a max_norm"):
        isthmus.TextNetwork(Layered(layer, lambda self, ids: self.layer(ids).sum(1)), Words(), length=3)


class Bracketed(Words):
    """Puts a beginning and an end around texts, as tokenizers of trained networks do."""

    pad_token_id, unk_token_id, all_special_ids = 0, 1, (0, 1, 2, 3)

    def encode(self, text):
        return [2, *(number + 2 if number > 1 else number for number in super().encode(text)), 3]

    def decode(self, ids):
        return " ".join(["[B]", "[E]"][k - 2] if k in (2, 3) else WORDS[k if k < 2 else k - 2] for k in map(int, ids))


def test_texts_are_written_as_they_are_read(tmp_path):
    torch.manual_seed(0)
    layer = torch.nn.Embedding(len(WORDS) + 2, 8)
    network = isthmus.TextNetwork(Layered(layer, lambda self, ids: self.layer(ids).sum(1)), Bracketed(), length=8)
    kind, x = network.input_kind, network.embed(["the film was good"])[0]
    file = kind.write(x, tmp_path / "text")
    assert file.read_text() == "the film was good\n" and torch.equal(kind.read(str(file)), x)
    assert kind.identity(x) == b"the film was good"
    # Two beginnings look like the same words, and no text is made of them.
    odd = kind.vocabulary.embedded([[2, 2, *kind.vocabulary.ids("the film was good")[1:6], 0]])[0]
    assert kind.text(odd) == kind.text(x) and kind.identity(odd) != kind.identity(x)


def test_a_word_that_names_a_file_is_a_word(tmp_path, monkeypatch):
    (tmp_path / "good").write_text("the film was bad")
    (tmp_path / "good.txt").write_text("the film was bad")
    monkeypatch.chdir(tmp_path)
    kind = text_network().input_kind
    assert kind.text(kind.read("good")) == "good"
    assert kind.text(kind.read("good.txt")) == kind.text(kind.read("./good")) == "the film was bad"


def test_a_tokenizer_that_raises_ends_in_one_line():
    class Strict(Words):
        def encode(self, text):
            return [WORDS.index(word) for word in text.split()]

    with pytest.raises(ImageError, match="does not take the text 'colourless'"):
        isthmus.TextNetwork(sentiment(), Strict(), length=6).embed(["colourless"])


def test_runs_are_read_with_the_kind_that_they_were_made_with(tmp_path):
    network = text_network()
    landscape = isthmus.Landscape(network)
    found = isthmus.connect(
        landscape, *(network.embed([t]) for t in ("a good film", "a great plot")), "good", threshold=2
    )
    found.save(tmp_path / "run")
    assert isthmus.Connections.load(tmp_path / "run", input_kind=network.input_kind)[0].drawn_as.complete
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(9)
        other = isthmus.TextNetwork(Sentiment(), Words(), length=6)
    with pytest.raises(InputError, match="is not what the inputs of this result are"):
        isthmus.Connections.load(tmp_path / "run", input_kind=other.input_kind)


def test_a_model_that_has_no_layer_for_tokens_is_told_so():
    class Characters(torch.nn.Module):
        def get_input_embeddings(self):
            raise NotImplementedError

    with pytest.raises(NetworkError, match=r"Characters has no torch\.nn\.Embedding"):
        isthmus.TextNetwork(Characters(), Words(), length=6)
