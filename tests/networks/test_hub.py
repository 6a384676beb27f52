"""Classifiers of the hub, in folders: models of a few weights with processors and tokenizers of their own."""

from __future__ import annotations

import json
import pickle
import sys

import pytest
import torch
from PIL import Image

from isthmus import load_network
from isthmus.errors import ImageError, MissingLibraryError, NetworkError, SpecError, WeightsError
from isthmus.inputs import Series, Tokens
from isthmus.inputs.images import read_image
from isthmus.networks.hub import place_of
from isthmus.networks.hub.parity import picture
from isthmus.networks.hub.reading import library

pytest.importorskip("transformers", reason="transformers is not installed (extra: hub)")
hf = library()
pytestmark = pytest.mark.filterwarnings("ignore")

NAMED = {"id2label": {0: "cat", 1: "dog", 2: "owl"}, "label2id": {"cat": 0, "dog": 1, "owl": 2}}
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16} | NAMED


def saved(folder, model, *parts):
    """A model, as others would publish it, with fresh weights that are the same every time."""
    torch.manual_seed(0)
    name, config = model
    made = getattr(hf, name)(config).eval()
    for part in (made, *parts):
        part.save_pretrained(folder)
    return made


def edited(folder, name="config.json", **changes):
    file = folder / name
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def refused(spec, error, match, **options):
    with pytest.raises(error, match=match) as caught:
        load_network(spec, **options)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 450


# ---- images

WIDE_AND_TALL = [(500, 375), (375, 501), (512, 512), (301, 300), (257, 611), (640, 229), (65, 64), (51, 47)]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for number, size in enumerate(WIDE_AND_TALL):
        picture(size, 3, number).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


def vision(kind, size):
    """A small classifier of images of one size."""
    patches = SMALL | {"image_size": size, "patch_size": 16}
    stages = NAMED | {"hidden_sizes": [8, 8], "depths": [1, 1]}
    settings = {
        "ViT": patches,
        "DeiT": patches,
        "Beit": patches,
        "Swin": NAMED | {"image_size": size, "embed_dim": 8, "depths": [1], "num_heads": [1], "window_size": 4},
        "ResNet": stages | {"embedding_size": 8},
        "ConvNext": stages | {"num_stages": 2},
        "MobileNetV2": NAMED | {"image_size": size, "depth_multiplier": 0.35},
    }[kind]
    return f"{kind}ForImageClassification", getattr(hf, f"{kind}Config")(**settings)


def square(side):
    return {"height": side, "width": side}


OFFSET = {"size": square(48), "rescale_offset": True, "include_top": False, "do_normalize": False}
IMAGES = [
    ("ViT", 48, "ViT", {"size": square(48)}),
    ("ViT", 48, "ViT", {"size": square(48), "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.25]}),
    ("DeiT", 48, "DeiT", {"size": square(55), "crop_size": square(48)}),
    ("DeiT", 48, "DeiT", {"size": {"height": 57, "width": 54}, "crop_size": square(48)}),
    ("Beit", 64, "Beit", {"size": square(64)}),
    ("Beit", 64, "Beit", {"size": square(73), "do_center_crop": True, "crop_size": square(64)}),
    ("Swin", 64, "ViT", {"size": square(64), "resample": 3}),
    ("ResNet", 56, "ConvNext", {"size": {"shortest_edge": 56}, "crop_pct": 0.875}),
    ("ConvNext", 63, "ConvNext", {"size": {"shortest_edge": 63}, "crop_pct": 0.95, "resample": 2}),
    ("ConvNext", 384, "ConvNext", {"size": {"shortest_edge": 384}}),
    ("MobileNetV2", 64, "MobileNetV2", {"size": {"shortest_edge": 73}, "crop_size": square(64)}),
    ("MobileNetV2", 63, "MobileNetV2", {"size": {"shortest_edge": 64}, "crop_size": {"height": 61, "width": 63}}),
    ("ResNet", 48, "CLIP", {"size": {"shortest_edge": 48}, "crop_size": square(48)}),
    ("ResNet", 48, "Levit", {"size": {"shortest_edge": 48}, "crop_size": square(48)}),
    ("ResNet", 48, "EfficientNet", {"size": square(48)}),
    ("ResNet", 48, "EfficientNet", {"size": square(48), "rescale_offset": True, "include_top": False}),
    ("ResNet", 48, "EfficientNet", OFFSET),
    ("ResNet", 48, "ViT", {"size": square(48), "do_normalize": False}),
    ("ResNet", 48, "ViT", {"size": square(48), "do_normalize": False, "do_rescale": False}),
    ("ResNet", 48, "ViT", {"size": square(48), "do_normalize": False, "rescale_factor": 1 / 127.5}),
    ("ResNet", 48, "ViT", {"size": square(48), "rescale_factor": 1 / 127.5, "image_mean": [1.0] * 3}),
    ("ResNet", 48, "ViT", {"size": square(48), "do_rescale": False, "image_mean": [120.0] * 3}),
    ("ResNet", 48, "ViT", {"do_resize": False}),
    *(("ResNet", 48, "ViT", {"size": {"height": 40, "width": 52}, "resample": number}) for number in range(6)),
]  # fmt: skip


@pytest.mark.parametrize(("model", "size", "processor", "settings"), IMAGES)
def test_pixels_and_logits_are_those_of_the_processor_and_the_model(
    tmp_path, pictures, model, size, processor, settings
):
    made = saved(tmp_path, vision(model, size), getattr(hf, f"{processor}ImageProcessor")(**settings))
    network = load_network(f"hf-hub:{tmp_path}")
    own = getattr(hf, f"{processor}ImageProcessorPil").from_pretrained(tmp_path)
    assert network.class_names == ("cat", "dog", "owl") and network.input_kind.preprocessing is not None
    for file in pictures:
        mine = read_image(file, network.preprocessing)
        theirs = own(images=[Image.open(file)], return_tensors="pt")["pixel_values"].float()
        pixels = theirs * network.scale(theirs) + network.origin(theirs)
        assert mine.shape == pixels.shape[1:], file
        assert float((mine - pixels[0]).abs().max()) < 0.01 / 255, file
        with torch.no_grad():
            expected = made(theirs).logits
            found = network.logits(mine[None])
        assert torch.allclose(found, expected, atol=1e-4 * float(1 + expected.abs().max())), file


@pytest.mark.parametrize(
    ("processor", "settings", "levels"),
    [
        ("ViT", {"size": square(48)}, 1),
        ("DeiT", {"size": square(55), "crop_size": square(48)}, 3),
        ("ConvNext", {"size": {"shortest_edge": 56}}, 3),
        ("MobileNetV2", {"size": {"shortest_edge": 73}, "crop_size": square(64)}, 1),
    ],
)
def test_pixels_are_near_those_of_the_processor_for_torchvision(tmp_path, pictures, processor, settings, levels):
    """Its resampling rounds otherwise, bicubic by up to three levels; its crops are the same."""
    own = getattr(hf, f"{processor}ImageProcessor")(**settings)
    if getattr(own, "backend", "") != "torchvision":
        pytest.skip("this transformers has one kind of processors")
    saved(tmp_path, vision("ResNet", 48), own)
    network = load_network(f"hf-hub:{tmp_path}")
    for file in pictures:
        theirs = own(images=[Image.open(file)], return_tensors="pt")["pixel_values"]
        pixels = (theirs * network.scale(theirs) + network.origin(theirs))[0]
        assert float((read_image(file, network.preprocessing) - pixels).abs().max()) < (levels + 0.01) / 255, file


def test_grey_images(tmp_path):
    config = hf.ResNetConfig(num_channels=1, embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], **NAMED)
    own = hf.ViTImageProcessor(size=square(32), image_mean=[0.3], image_std=[0.2])
    made = saved(tmp_path, ("ResNetForImageClassification", config), own)
    network = load_network(f"hf-hub:{tmp_path}")
    picture((50, 41), 1).save(tmp_path / "grey.png")
    mine = read_image(tmp_path / "grey.png", network.preprocessing)
    theirs = hf.ViTImageProcessorPil.from_pretrained(tmp_path)(images=[picture((50, 41), 1)], return_tensors="pt")
    assert network.input_shape == (1, 32, 32)
    assert torch.allclose(network.logits(mine[None]), made(theirs["pixel_values"]).logits, atol=1e-5)


def test_a_processor_of_years_ago(tmp_path):
    """As models on the hub still have it: a feature extractor, whose size is a number."""
    saved(tmp_path, vision("ResNet", 224))
    old = {"feature_extractor_type": "ConvNextFeatureExtractor", "size": 224, "crop_pct": 0.875, "resample": 3}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(old))
    found = load_network(f"hf-hub:{tmp_path}").preprocessing
    assert found.size == (224, 224) and found.resize == 256 and found.interpolation == "bicubic"


@pytest.mark.parametrize(
    ("processor", "settings", "says"),
    [
        ("ViT", {"do_pad": True, "pad_size": square(300)}, "do_pad=True"),
        ("ViT", {"size": {"shortest_edge": 48}}, "shortest_edge.* without do_center_crop"),
        ("ViT", {"size": {"shortest_edge": 48, "longest_edge": 90}}, "longest_edge"),
        ("ViT", {"size": {"max_height": 48, "max_width": 90}}, "max_height"),
        ("ViT", {"do_rescale": False}, "do_rescale=False with image_mean"),
        ("MobileNetV2", {"do_resize": False}, "do_resize=False with do_center_crop=True"),
        ("MobileNetV2", {"size": {"shortest_edge": 60}, "crop_size": square(64)}, "crop_size=.* larger than size="),
        ("ConvNext", {"do_center_crop": True, "crop_size": square(48)}, "do_center_crop=True"),
        ("MobileViT", {}, "do_flip_channel_order=True"),
        ("PoolFormer", {}, r"way of its own \(pixels differ by up to \d+ of 255"),
    ],
)
def test_what_a_preprocessing_cannot_do_is_refused(tmp_path, processor, settings, says):
    saved(tmp_path, vision("ResNet", 48), getattr(hf, f"{processor}ImageProcessor")(**settings))
    refused(f"hf-hub:{tmp_path}", SpecError, says)


# ---- sounds


def sound(kind, **settings):
    layers = {"conv_dim": (8, 8), "conv_stride": (5, 4), "conv_kernel": (10, 8), "num_feat_extract_layers": 2}
    ends = {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 8}
    return f"{kind}ForSequenceClassification", getattr(hf, f"{kind}Config")(**SMALL | layers | ends | settings)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("kind", ["Wav2Vec2", "Hubert", "WavLM"])
def test_waves(tmp_path, kind, normalize):
    extractor = hf.Wav2Vec2FeatureExtractor(sampling_rate=8000, do_normalize=normalize, return_attention_mask=True)
    made = saved(tmp_path, sound(kind, feat_extract_norm="layer", conv_bias=True), extractor)
    network = load_network(f"hf-hub:{tmp_path}?samples=900")
    assert network.input_kind == Series(rate=8000.0, length=900, flat=True) and network.input_shape == (900,)
    waves = torch.rand(3, 900, generator=torch.Generator().manual_seed(0)) * 0.02 + 0.3
    own = extractor(list(waves.numpy()), sampling_rate=8000, return_tensors="pt", padding=True)
    expected = made(own["input_values"], attention_mask=own["attention_mask"]).logits
    assert torch.allclose(network.logits(waves), expected, atol=2e-5)
    assert torch.allclose(made(waves).logits, expected, atol=1e-4) is not normalize  # the scale makes a difference
    x = waves.clone().requires_grad_(True)
    network.logits(x).logsumexp(1).sum().backward()
    assert float(x.grad.abs().max()) > 0
    assert load_network(f"hf-hub:{tmp_path}").input_shape == (8000,)


@pytest.mark.parametrize("scale", [1.0, 1e-2, 1e-4, 0.0])
def test_waves_on_one_scale_are_those_of_the_extractor(scale):
    from isthmus.networks.hub.waves import on_one_scale

    waves = scale * (torch.rand(4, 5000) - 0.3)
    own = hf.Wav2Vec2FeatureExtractor()(list(waves.numpy()), sampling_rate=16000, return_tensors="pt")["input_values"]
    assert float((on_one_scale(waves) - own).abs().max()) < 1e-5


def test_spectrograms_are_refused(tmp_path):
    config = hf.ASTConfig(num_mel_bins=32, max_length=64, **SMALL)
    saved(tmp_path, ("ASTForAudioClassification", config), hf.ASTFeatureExtractor(num_mel_bins=32, max_length=64))
    refused(f"hf-hub:{tmp_path}", SpecError, "ASTFeatureExtractor makes spectrograms without gradients")


def test_too_few_samples_are_refused(tmp_path):
    saved(tmp_path, sound("Wav2Vec2"), hf.Wav2Vec2FeatureExtractor())
    refused(f"hf-hub:{tmp_path}?samples=9", NetworkError, r"\(9,\)")


# ---- texts

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "the", "film", "was", "good", "bad", "dull", "slow", "##ly"]


def tokenizer():
    import tokenizers

    made = tokenizers.Tokenizer(
        tokenizers.models.WordPiece({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.decoder = tokenizers.decoders.WordPiece()
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return hf.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )


def text(kind, **settings):
    own = {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 16} | NAMED if kind == "DistilBert" else SMALL
    config = getattr(hf, f"{kind}Config")(vocab_size=len(WORDS), max_position_embeddings=40, **own | settings)
    return f"{kind}ForSequenceClassification", config


@pytest.mark.parametrize("kind", ["Bert", "DistilBert", "Roberta"])
def test_texts(tmp_path, kind):
    own = tokenizer()
    made = saved(tmp_path, text(kind, pad_token_id=0), own)
    network = load_network(f"hf-hub:{tmp_path}?tokens=7")
    assert isinstance(network.input_kind, Tokens) and network.input_shape == (7, 16)
    assert network.class_names == ("cat", "dog", "owl")
    words = "the film was slowly"  # five tokens and two ends
    ids = torch.tensor([own.encode(words)])
    assert ids.shape == (1, 7)
    x = network.input_kind.embed(words)[None]
    assert torch.allclose(network.logits(x), made(ids).logits, atol=1e-5)
    assert "film was slowly" in network.input_kind.text(x[0])
    assert load_network(f"hf-hub:{tmp_path}").input_shape == (32, 16)
    with pytest.raises(ImageError, match="has 8 tokens"):
        network.input_kind.embed("the film was slowly good")


@pytest.mark.parametrize("tokens", [2, 41])
def test_a_length_that_no_text_has_is_refused(tmp_path, tokens):
    saved(tmp_path, text("Bert"), tokenizer())
    refused(f"hf-hub:{tmp_path}?tokens={tokens}", SpecError, f"of 3 to 40 tokens, got {tokens}")


def test_a_model_that_takes_no_vectors_is_refused(tmp_path):
    layers = {"encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    widths = {"d_model": 16, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "max_position_embeddings": 40}
    config = hf.BartConfig(vocab_size=len(WORDS), **layers, **widths, **NAMED)
    saved(tmp_path, ("BartForSequenceClassification", config), tokenizer())
    refused(f"hf-hub:{tmp_path}", NetworkError, "does not accept inputs")


# ---- places, tasks, options, weights


def test_places(tmp_path, monkeypatch):
    asked = {}

    def ask(name, **options):
        asked[name] = options
        raise OSError("no such thing\nand more")

    assert (place_of("org/name").revision, place_of("org/name@v1.0")) == (None, place_of("org/name@v1.0"))
    odd = tmp_path / "a@b"
    odd.mkdir()
    assert place_of(str(odd)).name == str(odd)
    monkeypatch.setattr(hf.AutoConfig, "from_pretrained", ask)
    refused("hf-hub:org/name@abc123", WeightsError, r"hf-hub:org/name@abc123 .*\(no such thing\)")
    assert asked["org/name"] == {"revision": "abc123", "trust_remote_code": False}
    refused(f"hf-hub:{tmp_path}@main", SpecError, "a local folder has no revisions")
    refused("hf-hub:org/name@", SpecError, "expected hf-hub:ORG/NAME@REVISION")


def test_revisions_reach_every_part(tmp_path, monkeypatch):
    saved(tmp_path, text("Bert"), tokenizer())
    asked = []
    for name in ("AutoConfig", "AutoTokenizer", "AutoModelForSequenceClassification"):
        auto = getattr(hf, name)

        def ask(place, *, read=auto.from_pretrained, name=name, **options):
            asked.append((name, place, options["revision"], options["trust_remote_code"]))
            return read(tmp_path, **options)

        monkeypatch.setattr(auto, "from_pretrained", ask)
    load_network("hf-hub:org/name@v2")
    assert {each[2:] for each in asked} == {("v2", False)}
    assert len({name for name, place, *_ in asked if place == "org/name"}) == 3  # the others ask for parts themselves


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"architectures": ["BertForMaskedLM"]}, "is a BertForMaskedLM; taken are classifiers: "),
        ({"architectures": ["BertForTokenClassification"]}, "is a BertForTokenClassification"),
        ({"problem_type": "multi_label_classification"}, "several labels at once"),
        ({"problem_type": "regression"}, "gives a number"),
        ({"id2label": {"0": "x"}, "label2id": {"x": 0}}, "at least two classes"),
    ],
)
def test_other_tasks_are_refused(tmp_path, changes, says):
    saved(tmp_path, text("Bert"), tokenizer())
    edited(tmp_path, **changes)
    refused(f"hf-hub:{tmp_path}", SpecError, says)


def test_a_task_that_is_known_from_the_type_alone(tmp_path):
    saved(tmp_path, text("Bert"), tokenizer())
    edited(tmp_path, architectures=None)
    assert load_network(f"hf-hub:{tmp_path}").input_shape == (32, 16)


def test_a_head_without_weights_is_refused(tmp_path):
    saved(tmp_path, ("BertModel", text("Bert")[1]), tokenizer())
    refused(f"hf-hub:{tmp_path}", SpecError, "is a BertModel")
    edited(tmp_path, architectures=None)
    refused(f"hf-hub:{tmp_path}", WeightsError, "no weights for classifier.bias and 1 more, which would be random")
    assert load_network(f"untrained:hf-hub:{tmp_path}?classes=5&tokens=9").input_shape == (9, 16)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("samples=9", "takes texts, and samples is an option of sounds"),
        ("size=9", "the options are classes, samples and tokens, whole numbers"),
        ("tokens=many", "whole numbers"),
        ("classes=3", "a head of your own"),
    ],
)
def test_options(tmp_path, query, says):
    saved(tmp_path, text("Bert"), tokenizer())
    refused(f"hf-hub:{tmp_path}?{query}", SpecError, says)


def test_options_of_the_hub_are_no_options_of_others():
    refused("untrained:digits?tokens=3", SpecError, "seed and classes")


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        (lambda: vision("ResNet", 48), lambda: [hf.ViTImageProcessor(size=square(48))]),
        (lambda: sound("Wav2Vec2"), lambda: [hf.Wav2Vec2FeatureExtractor(sampling_rate=900)]),
        (lambda: text("Bert"), lambda: [tokenizer()]),
    ],
)
def test_weights_of_ones_own(tmp_path, model, parts):
    saved(tmp_path, model(), *parts())
    published = load_network(f"hf-hub:{tmp_path}")
    fresh = load_network(f"untrained:hf-hub:{tmp_path}?seed=3")
    filled = load_network(f"hf-hub:{tmp_path}", weights=tmp_path / "model.safetensors")
    assert fresh.weights_hash != published.weights_hash == filled.weights_hash


def test_weights_in_half_precision_become_whole(tmp_path):
    made = saved(tmp_path, vision("ResNet", 48), hf.ViTImageProcessor(size=square(48)))
    made.half().save_pretrained(tmp_path)
    assert (
        load_network(f"hf-hub:{tmp_path}").dtype == load_network(f"untrained:hf-hub:{tmp_path}").dtype == torch.float32
    )


def test_nobodys_names_are_no_names(tmp_path):
    config = hf.ResNetConfig(embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], num_labels=3)
    saved(tmp_path, ("ResNetForImageClassification", config), hf.ViTImageProcessor(size=square(48)))
    assert load_network(f"hf-hub:{tmp_path}").class_names is None


class Harm:
    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        from pathlib import Path

        return Path.touch, (self.place,)


def test_no_code_of_a_repository_runs(tmp_path):
    folder, ran = tmp_path / "model", tmp_path / "ran"
    saved(folder, vision("ResNet", 48), hf.ViTImageProcessor(size=square(48)))
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": Harm(ran)}))
    refused(f"hf-hub:{folder}", WeightsError, "could not be loaded")
    (folder / "own.py").write_text(f"import pathlib\npathlib.Path({str(ran)!r}).touch()\nclass Own: pass\n")
    edited(folder, model_type="own", auto_map={"AutoConfig": "own.Own"})
    refused(f"hf-hub:{folder}", WeightsError, "could not be loaded")
    assert not ran.exists()


def test_what_is_missing_or_damaged_is_one_line(tmp_path):
    refused(f"hf-hub:{tmp_path}", WeightsError, "could not be loaded")
    refused(f"hf-hub:{tmp_path / 'absent'}", WeightsError, "could not be loaded")
    saved(tmp_path, vision("ResNet", 48))
    refused(f"hf-hub:{tmp_path}", WeightsError, "could not be loaded")  # there is no processor
    hf.ViTImageProcessor(size=square(48)).save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    refused(f"hf-hub:{tmp_path}", WeightsError, "could not be loaded")


def test_without_transformers(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    refused("hf-hub:org/name", MissingLibraryError, r"isthmus\[hub\]")


def test_without_a_library_that_the_model_needs(tmp_path, monkeypatch):
    saved(tmp_path, text("Bert"), tokenizer())

    def fail(*_, **__):
        raise ImportError("\nBertTokenizer requires the sentencepiece library but it was not found\nmore")

    monkeypatch.setattr(hf.AutoTokenizer, "from_pretrained", fail)
    refused(f"hf-hub:{tmp_path}", MissingLibraryError, "needs a library that is absent here .*sentencepiece")
