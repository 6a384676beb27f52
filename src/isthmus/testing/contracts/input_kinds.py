"""What every kind of inputs keeps to."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pytest
import torch

from isthmus._core.shapes import Inputs
from isthmus.errors import InputError
from isthmus.inputs.kinds import InputKind
from isthmus.landscapes.domains import domain_of


class InputKindContract(ABC):
    """Tests of a kind of inputs. Return it, and two or more different inputs (n, *input) of it."""

    @abstractmethod
    def kind(self) -> InputKind:
        """The kind."""

    @abstractmethod
    def inputs(self) -> Inputs:
        """Some inputs, such as files hold."""

    def test_shapes_are_checked(self) -> None:
        """Its own shape is accepted."""
        self.kind().check(tuple(self.inputs().shape[1:]))

    def test_its_inputs_lie_where_inputs_may_lie(self) -> None:
        """What files hold is inside the default domain."""
        assert bool(domain_of(self.kind()).contains(self.inputs()).all())

    def test_pictures_are_pixels_and_tell_inputs_apart(self) -> None:
        """(height, width, 3) of bytes, of one size, and not the same for different inputs."""
        kind, x = self.kind(), self.inputs()
        shown = [kind.focused(x).pixels(each) for each in x]
        for pixels in shown:
            assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
            assert pixels.shape == shown[0].shape
        assert any((pixels != shown[0]).any() for pixels in shown[1:])

    def test_a_change_has_a_picture_and_a_caption(self) -> None:
        """Also of what did not change."""
        kind, x = self.kind(), self.inputs()
        for base in (x[0], x[1]):
            pixels, caption = kind.change(x[0], base)
            assert pixels.dtype == np.uint8 and pixels.shape[2] == 3 and isinstance(caption, str) and caption

    def test_drawing_changes_nothing(self) -> None:
        """Inputs are what they were."""
        kind, x = self.kind(), self.inputs()
        before = x.clone()
        kind.pixels(x[0]), kind.change(x[0], x[1]), kind.reading(x[0], x[1]), kind.nearest(x)
        assert torch.equal(x, before)

    def test_words_are_one_line(self) -> None:
        """They stand below pictures."""
        kind, x = self.kind(), self.inputs()
        for said in (kind.reading(x[0]), kind.reading(x[1], x[0]), kind.about()):
            assert "\n" not in said

    def test_rounding_twice_is_rounding_once(self) -> None:
        """What files hold is its own nearest."""
        kind, x = self.kind(), self.inputs()
        middle = (x[:1] + x[1:2]) / 2
        once = kind.nearest(middle)
        if once is None:
            pytest.skip("files hold every input of this kind")
        again = kind.nearest(once)
        assert again is not None and once.shape == middle.shape and torch.allclose(again, once, atol=1e-6)

    def test_what_results_keep_makes_the_kind_again(self) -> None:
        """A kind that was read again knows as much as its description says, and draws."""
        kind = self.kind()
        again = type(kind).of_description(kind.describe())
        assert type(again) is type(kind) and again.describe()["kind"] == kind.name
        assert again.pixels(self.inputs()[0]).shape[2] == 3

    def test_what_was_written_is_read_again(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        """Up to what files of this kind can hold."""
        kind, x = self.kind(), self.inputs()
        kept = kind.nearest(x[:1])
        try:
            file = kind.write(x[0], tmp_path / "input")
        except InputError:
            pytest.skip("there are no files of this kind")
        read = kind.read(f"{file}:0" if file.suffix == ".csv" else str(file))
        assert torch.allclose(read, (x[:1] if kept is None else kept)[0], atol=1e-4)
