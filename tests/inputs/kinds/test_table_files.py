"""Tables as people write them: what a file says is what is read, and what is written is read again."""

from __future__ import annotations

import decimal

import numpy as np
import pytest
import torch
from kinds_of_inputs import text_network

import isthmus
from isthmus.errors import DomainError, ImageError, InputError
from isthmus.inputs.kinds import Table
from isthmus.inputs.kinds.table.files import label_of
from isthmus.inputs.labels import named_class


@pytest.mark.parametrize(
    "words", [("1.1", "1.10", "1.2"), ("1", "01", "2"), ("true", "false", "007"), ("1e3", "12:30", "x")]
)
def test_words_that_look_like_numbers_stay_words(tmp_path, words):
    table = Table.of({"code": [*words, words[0]], "age": [20.0, 30.0, 40.0, 50.0]}, label="class")
    (tmp_path / "rows.csv").write_text("code,age,class\n" + "".join(f"{word},30,{word}\n" for word in words))
    found = table.open(tmp_path / "rows.csv")
    assert [table.row(found.read(number, None))["code"] for number in range(3)] == list(words)
    assert found.labels == words


def test_labels_that_are_missing_say_nothing(tmp_path):
    table = Table.of({"age": [20.0, 30.0]}, label="class")
    (tmp_path / "rows.csv").write_text("age,class\n20,1\n21,\n22,NA\n23,0\n")
    assert table.open(tmp_path / "rows.csv").labels == ("1", None, None, "0")
    (tmp_path / "texts.csv").write_text("text,label\na good film,1\nthe plot,\nbad film,0\n")
    assert text_network().input_kind.open(tmp_path / "texts.csv").labels == ("1", None, "0")
    assert label_of(float("nan")) is None and label_of(1.0) == "1" and label_of("01") == "01"


def test_a_class_whose_name_is_a_number_is_meant_by_its_value():
    assert [named_class(text, ("1.0", "2.0", "3.0")) for text in ("1", "2.0", "3")] == [0, 1, 2]
    assert named_class("1", ("01", "02")) == 0 and named_class("01", ("1", "01")) == 1
    assert named_class("1", ("cat", "2")) == 1  # an index, as ever


def test_texts_of_several_lines_are_one_row_each(tmp_path):
    """Arrow reads in blocks of a megabyte, and would take an end of a line within quotes for one of a row."""
    texts = [f"line one {number}\nline two {'x' * (number % 200)}" for number in range(20_000)]
    (tmp_path / "texts.csv").write_text("text\n" + "".join(f'"{text}"\n' for text in texts))
    assert text_network().input_kind.open(tmp_path / "texts.csv").texts == texts


def test_the_digest_of_a_row_is_what_the_file_says_of_it(tmp_path):
    """Networks may take other columns of one file, or the same in another order: it is the same row."""
    file = tmp_path / "rows.csv"
    file.write_text("code,age,class\n1.10,30,a\n1.1,30,a\n")
    one = Table.of({"age": [20.0, 30.0, 40.0]}, label="class")
    other = Table.of({"code": ["1.1", "1.10"], "age": [25.0, 35.0]}, label="class")
    digests = [[table.open(file).digest(number) for number in range(2)] for table in (one, other)]
    assert digests[0] == digests[1] and digests[0][0] != digests[0][1]
    assert one.digest(f"{file}:1") == digests[0][1]
    file.write_text("code,age,class\n1.10,30,b\n1.1,30,a\n")
    assert [Table.open(one, file).digest(number) == digests[0][number] for number in range(2)] == [False, True]


def test_columns_are_what_their_frame_says():
    import pandas

    frame = pandas.DataFrame({"code": pandas.Series([1, 2, 1], dtype="category"), "age": [1.5, 2.5, 3.5]})
    table = Table.of(frame)
    assert table["code"].categories == ("1", "2") and table.encode(frame).shape == (3, 3)
    whole = Table.of(
        {"n": np.array([1, 2, 3], dtype=object), "m": np.array([np.int64(1), np.int64(5), 2], dtype=object)}
    )
    assert whole["n"].whole and whole["m"].whole and not whole["m"].categories
    exact = Table.of({"d": [decimal.Decimal("1.5"), decimal.Decimal("2.25")]})
    assert not exact["d"].categories and (exact["d"].low, exact["d"].high) == (1.5, 2.25)
    with pytest.raises(InputError, match="Two columns have one name: 1, 1"):
        Table.of(pandas.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=[1, "1"]))
    with pytest.raises(InputError, match="no column 'Klass' to be the label; there are code, age"):
        Table.of(frame, label="Klass")
    with pytest.raises(InputError, match="Column a has no rows"):
        Table.of({"a": []})
    with pytest.raises(InputError, match="lies no whole number"):
        Table.of({"k": [1, 2]}, ranges={"k": (1.2, 1.8)})


@pytest.mark.usefixtures("as_installed")
def test_a_range_of_one_number_is_refused():
    with pytest.raises(InputError, match="range of 'age' must be two numbers"):
        Table.of({"age": [1.5, 2.5]}, ranges={"age": (1,)})  # type: ignore[dict-item]


def test_whole_numbers_are_shown_and_written_whole(tmp_path):
    table = Table.of({"pay": [1_234_567, 54_321, 99_999], "age": [12_345.678, 0.5, 3.25]})
    x = table.encode({"pay": [1_234_567, 54_321], "age": [12_345.678, 0.5]})
    assert [table.row(row)["pay"] for row in x] == ["1234567", "54321"]
    assert table.row(x[0])["age"].startswith("12345.7")
    assert table.write(x[0], tmp_path / "row").read_text().splitlines()[1].startswith("1234567,12345.67")


def test_rounded_rows_have_the_sum_that_was_given():
    random = np.random.default_rng(0)
    parts = random.multinomial(100, [0.2, 0.3, 0.5], 50)
    table = Table.of(dict(zip("pqr", parts.T, strict=True)), ranges=dict.fromkeys("pqr", (0, 100)), sums=[("pqr", 100)])
    x = table.encode(dict(zip("pqr", parts.T, strict=True)))
    mixed = table.limits()
    between = 0.37 * x[:25] + 0.63 * x[25:]
    near = table.nearest(between)
    values = np.array(list(table.frame(near).values()))
    assert mixed is not None and (values.sum(0) == 100).all() and values.dtype.kind == "i"
    raw = np.array(list(table.frame(between).values()))
    assert (np.round(raw).sum(0) != 100).any() and np.abs(values - raw).max() < 1.5  # it had to be mended, and barely
    assert torch.equal(table.nearest(near), near)


def test_what_must_not_be_whole_makes_up_the_rest_of_a_sum():
    rows = {"k": [1, 2, 3], "rest": [9.0, 8.0, 7.0]}
    table = Table.of(rows, ranges={"k": (0, 10), "rest": (0, 10)}, sums=[(("k", "rest"), 10)])
    x = table.encode(rows)
    near = table.nearest(0.3 * x[:1] + 0.7 * x[1:2])
    (k,), (rest,) = table.frame(near).values()
    assert k == 2 and rest == pytest.approx(8, abs=1e-4)


def test_bounds_that_are_not_whole_leave_whole_numbers_whole():
    table = Table.of({"k": [1, 2, 2]}, ranges={"k": (0.5, 2.5)})
    assert table.frame(table.nearest(torch.tensor([[-9.0], [9.0]])))["k"] == [1, 2]


def test_a_sum_that_no_rows_have_is_said_and_not_connected():
    rows = {"a": [1, 2, 3], "b": [2, 1, 0]}
    with pytest.raises(InputError, match="a, b cannot make up 1000: their ranges allow 1 to 5"):
        Table.of(rows, sums=[(("a", "b"), 1000)])
    table = Table.of({"a": [1, 2, 3], "b": [2, 1, 0]}, sums=[(("a", "b"), 3)])
    x = table.encode({"a": [1, 3], "b": [2, 0]})
    module = torch.nn.Linear(2, 2)
    torch.nn.init.zeros_(module.weight)
    torch.nn.init.zeros_(module.bias)
    landscape = isthmus.Landscape(isthmus.Network(module, input_kind=table))
    found = isthmus.connect(landscape, x[:1], x[1:], 0, threshold=9.0)
    (kept,) = isthmus.connecting.as_kept(landscape, found)
    assert kept.outside == 0 and kept.outcome is isthmus.connecting.KeptOutcome.CONNECTED
    # Ends beside the whole numbers, whose sum no whole numbers have.
    half = Table.of(rows, ranges={"a": (0, 9), "b": (0, 9)}, sums=[(("a", "b"), 3.5)])
    y = x + 0.25 / half["a"].spread
    landscape = isthmus.Landscape(isthmus.Network(module, input_kind=half))
    (kept,) = isthmus.connecting.as_kept(landscape, isthmus.connect(landscape, y[:1], y[1:], 0, threshold=9.0))
    assert kept.outside > 0 and "lie outside the domain" in str(kept)


def test_a_row_outside_is_told_by_its_feature():
    table = Table.of({"age": [20.0, 60.0], "income": [1.0, 5.0]}, units={"age": "years"})
    landscape = isthmus.Landscape(isthmus.Network(torch.nn.Linear(2, 2), input_kind=table))
    x = table.encode({"age": [30.0, 95.0], "income": [2.0, 3.0]})
    with pytest.raises(DomainError, match=r"number 0: age is 95 years, outside 20 to 60") as caught:
        isthmus.connect(landscape, x[1:], x[:1], 0)
    assert "255" not in str(caught.value) and "pixels" not in str(caught.value)


def test_steps_do_not_follow_the_units_of_a_column():
    """One column in thousandths: the same rows, the same function, and the same path."""
    random = np.random.default_rng(3)
    rows = {"a": random.normal(0, 1, 40), "b": random.normal(0, 1, 40)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        inner = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2))
    found = []
    for unit in (1.0, 1000.0):
        mine = {"a": rows["a"] * unit, "b": rows["b"]}
        table = Table.of(mine)
        first = torch.nn.Linear(2, 2)
        first.weight.data, first.bias.data = torch.diag(torch.tensor([1 / unit, 1.0])), torch.zeros(2)
        network = isthmus.Network(torch.nn.Sequential(first, inner), mean=table.mean, std=table.std, input_kind=table)
        x = table.encode(mine)
        target = network.logits(x).argmax(1)
        same = x[target == target.mode().values]
        count = len(same) // 2
        ends, most = (same[:count], same[count : 2 * count]), int(target.mode().values)
        method = isthmus.BarrierBypass(always=True, rounds=1, max_steps=5, goal=0.01)
        pairs = isthmus.connect(isthmus.Landscape(network), *ends, most, method=method)
        assert network.scale(x).flatten().tolist() == [1.0]
        found.append([(pair.steps, round(pair.path.deviation, 3)) for pair in pairs])
    assert found[0] == found[1] and any(steps for steps, _ in found[0])


def test_unknown_files_say_what_they_are(tmp_path):
    with pytest.raises(ImageError, match="is no file of a table"):
        Table.of({"a": [1.0, 2.0]}).open(tmp_path / "none.csv")


def test_a_row_whose_sum_is_another_is_told_so():
    rows = {"a": [10.0, 40.0], "b": [90.0, 60.0]}
    table = Table.of(rows, ranges={"a": (0, 100), "b": (0, 100)}, sums=[(("a", "b"), 100)])
    x = table.encode({"a": [10.0, 30.0], "b": [90.0, 90.0]})
    assert table.strange(x[0]) == "" and table.strange(x[1]) == "a, b make up 120, not 100"
    landscape = isthmus.Landscape(isthmus.Network(torch.nn.Linear(2, 2), input_kind=table))
    with pytest.raises(DomainError, match="number 1: a, b make up 120, not 100"):
        isthmus.connect(landscape, x, x, 0)
