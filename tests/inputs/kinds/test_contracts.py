from __future__ import annotations

import pytest
import torch
from kinds_of_inputs import ROWS, text_network

from isthmus import testing
from isthmus.inputs import Arrays, Feature, Images, Series, Table


class TestImages(testing.InputKindContract):
    def kind(self):
        return Images()

    def inputs(self):
        return (torch.rand(3, 3, 8, 9, generator=torch.Generator().manual_seed(0)) * 255).round() / 255


class TestArrays(testing.InputKindContract):
    def kind(self):
        return Arrays()

    def inputs(self):
        return torch.randn(3, 5, 7, generator=torch.Generator().manual_seed(0))


class TestSound(testing.InputKindContract):
    def kind(self):
        return Series(rate=8000)

    def inputs(self):
        return torch.rand(3, 1, 2000, generator=torch.Generator().manual_seed(0)) - 0.5


class TestSensors(testing.InputKindContract):
    def kind(self):
        return Series(rate=50, channels=("left", "right"), unit="g", low=-8, high=8, length=100)

    def inputs(self):
        return torch.randn(3, 2, 100, generator=torch.Generator().manual_seed(0)).clamp(-8, 8)


class TestTable(testing.InputKindContract):
    def kind(self):
        return Table.of(ROWS, units={"age": "years"}, held=["sex"])

    def inputs(self):
        return self.kind().encode(ROWS)


class TestShares(testing.InputKindContract):
    def kind(self):
        names = ("sand", "silt", "clay")
        return Table(features=tuple(Feature(name=n, low=0, high=100, spread=20) for n in names), sums=((names, 100),))

    def inputs(self):
        return self.kind().encode({"sand": [50.0, 20.0], "silt": [30.0, 20.0], "clay": [20.0, 60.0]})


class TestTokens(testing.InputKindContract):
    def kind(self):
        return text_network().input_kind

    def inputs(self):
        return text_network().embed(["a good film", "a bad film"])


def test_a_single_image_is_known_by_its_content(tmp_path):
    from PIL import Image

    from isthmus.errors import ImageError
    from isthmus.inputs import Images

    Image.new("L", (8, 8), 51).save(tmp_path / "no ending", format="PNG")
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    assert float(Images().open(tmp_path / "no ending").read(0, None).max()) == pytest.approx(0.2)
    with pytest.raises(ImageError, match="is no image that can be read"):
        Images().open(tmp_path / "rows.csv").read(0, None)
    with pytest.raises(ImageError, match="no folder of images"):
        Images().open(tmp_path / "nothing")
