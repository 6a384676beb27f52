from __future__ import annotations

import tomllib

import pytest

from isthmus import BarrierBypass, Hyperplane, IsthmusError, Sampling, StraightLine
from isthmus.errors import StudyError
from isthmus.studies import parse_config, read_config
from isthmus.studies.template import study_text

LEAST = {
    "inputs": {"d": {"source": "digits"}},
    "networks": {"n": {"spec": "digits"}},
    "pairs": [{"kind": "within"}],
}


def test_settings_become_objects():
    config = parse_config(
        LEAST | {"connect": {"rounds": 2, "hyperplane": "none", "threshold": 0.3, "sampling": {"intervals": 10}}}
    )
    assert config.connect.connector() == BarrierBypass(rounds=2, hyperplane=Hyperplane.NONE)
    assert config.connect.how_sampled() == Sampling(intervals=10)
    assert config.connect.threshold == 0.3
    assert config.problems() == [("n", "d")]
    assert parse_config(LEAST | {"connect": {"method": "straight"}}).connect.connector() == StraightLine()
    assert parse_config(LEAST | {"connect": {"method": "paper"}}).connect.connector() == BarrierBypass.paper()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"titel": "x"}, "unknown key titel; did you mean title?"),
        ({"connect": {"ronds": 1}}, "unknown key connect.ronds; did you mean rounds?"),
        ({"connect": {"metod": "paper"}}, "unknown key connect.metod; did you mean method?"),
        ({"connect": {"hyperplane": "x"}}, "connect.hyperplane must be one of exact, gradient, none, got 'x'"),
        ({"connect": {"lr": -1}}, "lr > 0"),
        ({"connect": {"sampling": {"interval": 1}}}, "unknown key connect.sampling.interval; did you mean intervals?"),
        ({"shards": {"minute": 1}}, "unknown key shards.minute; did you mean minutes?"),
        ({"shards": {"minutes": 0}}, "shards.minutes"),
        ({"inputs": {"d": {"sorce": "digits"}}}, "unknown key inputs.d.sorce; did you mean source?"),
        ({"inputs": {}}, "inputs: "),
        (
            {"networks": {"n": {"spec": "digits", "weihgts": "x"}}},
            "unknown key networks.n.weihgts; did you mean weights?",
        ),
        ({"networks": {"n": {"spec": "digits", "inputs": ["e"]}}}, "networks.n.inputs names 'e', which is none of d"),
        ({"networks": {"../n": {"spec": "digits"}}}, "networks.../n"),
        (
            {"pairs": [{"kind": "witin"}]},
            "pairs.0 needs a kind, one of within, across, attacked, attacked_within, synthesized",
        ),
        ({"pairs": [{"kind": "within", "per_clas": 1}]}, "unknown key pairs.0.per_clas; did you mean per_class?"),
        ({"pairs": [{"kind": "within", "per_class": 0}]}, "pairs.0.per_class"),
        ({"pairs": [{"kind": "within", "inputs": ["e"]}]}, "pairs.0.inputs names 'e', which is none of d"),
        ({"seed": "x"}, "seed: "),
        ({"seed": 2**31}, "seed: "),
        ({"connect": {"threshold": float("nan")}}, "connect.threshold: "),
        ({"connect": {"lr": float("inf")}}, "connect.lr must be a finite number"),
        ({"pairs": [{"kind": "attacked", "stop": float("inf")}]}, "pairs.0.stop"),
        ({"networks": {"n": {"spec": "digits", "size": [8, -8]}}}, "networks.n.size.1"),
        (
            {
                "inputs": {"d": {"source": "digits"}, "e": {"source": "digits"}},
                "pairs": [{"kind": "within", "inputs": ["e"]}],
                "networks": {"n": {"spec": "digits", "inputs": ["d"]}},
            },
            "no network has inputs of which",
        ),
    ],
)
def test_what_is_wrong_is_named_in_one_line(change, expected):
    with pytest.raises(IsthmusError) as caught:
        parse_config(LEAST | change, "F/study.toml")
    message = str(caught.value)
    assert expected in message and "\n" not in message and message.startswith("F/study.toml: ")


def test_a_missing_table_is_named():
    for name in LEAST:
        with pytest.raises(IsthmusError, match=f"{name} is missing"):
            parse_config({key: value for key, value in LEAST.items() if key != name})


def test_what_is_no_toml_is_one_line(tmp_path):
    file = tmp_path / "study.toml"
    with pytest.raises(IsthmusError, match="isthmus study init"):
        read_config(file)
    for content in (b"title = ", b"\xff\xfe"):
        file.write_bytes(content)
        with pytest.raises(IsthmusError, match="cannot be read as a study"):
            read_config(file)


def test_the_template_is_a_study_whatever_the_names(tmp_path):
    config = parse_config(tomllib.loads(study_text()))
    assert config.problems() == [("digits", "digits")]
    odd = tmp_path / 'a "quoted" \\ name'
    text = study_text(network="torchvision:resnet18", weights=odd / "w.npz", inputs=odd, title='"')
    config = parse_config(tomllib.loads(text))
    assert config.inputs["given"].source == str(odd.resolve()) and config.title == '"'
    assert config.networks["network"].weights == str((odd / "w.npz").resolve())


def test_images_is_the_older_name_of_inputs():
    from isthmus.studies.config import Config

    def content(top, part):
        return {
            top: {"digits": {"source": "digits"}},
            "networks": {"network": {"spec": "digits", part: ["digits"]}},
            "pairs": [{"kind": "within", "per_class": 2, part: ["digits"]}],
        }

    assert Config.of(content("inputs", "inputs")) == Config.of(content("images", "images"))
    with pytest.raises(StudyError, match="two names of the same thing"):
        Config.of(content("inputs", "inputs") | {"images": {"digits": {"source": "digits"}}})
    both = content("inputs", "inputs")
    both["networks"]["network"]["images"] = ["digits"]
    with pytest.raises(StudyError, match=r"networks\.network\.inputs and networks\.network\.images"):
        Config.of(both)
