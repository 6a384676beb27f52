"""Arrays as callers give them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from isthmus._core.given import tensor_of
from isthmus.errors import InputError


def test_a_tensor_is_itself():
    x = torch.rand(2, 3, requires_grad=True)
    assert tensor_of("x", x) is x


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", ">f8", "<f2", "u1", ">i2", "<i8", "?"])
def test_arrays_keep_their_numbers_and_their_type(kind):
    array = np.arange(6).reshape(2, 3).astype(kind)
    found = tensor_of("x", array)
    assert found.tolist() == array.tolist() and found.element_size() == array.itemsize
    assert found.is_floating_point() == (array.dtype.kind == "f")


def test_memory_is_never_shared_and_may_be_of_any_layout():
    array = np.arange(24.0).reshape(2, 3, 4)[:, ::-1, ::2].T
    array.setflags(write=False)
    found = tensor_of("x", array)
    found += 1
    assert array.max() == 22.0 and found.max() == 23.0 and found.is_contiguous()


def test_an_array_that_could_be_used_as_it_is_is_copied_too():
    array = np.zeros(3, np.float32)
    tensor_of("x", array).add_(1)
    assert array.tolist() == [0, 0, 0]


def test_whatever_gives_an_array_of_itself():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    assert tensor_of("x", frame).tolist() == [[1.0, 3.0], [2.0, 4.0]]


@pytest.mark.parametrize("value", [[1.0], None, "text", 3, np.array(["a"]), np.array([1j]), np.zeros(2, np.longdouble)])
def test_what_is_none_is_refused_by_its_name(value):
    with pytest.raises(InputError, match=r"^corners must"):
        tensor_of("corners", value)
