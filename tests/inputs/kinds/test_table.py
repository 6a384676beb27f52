from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from kinds_of_inputs import ROWS

import isthmus
from isthmus.errors import ImageError, InputError
from isthmus.inputs import Feature, Table


@pytest.fixture
def table():
    return Table.of(ROWS, units={"age": "years"}, held=["sex"])


def test_features_know_what_their_columns_hold(table):
    age, income, work, sex = table.features
    assert age.whole and age.unit == "years" and (age.low, age.high) == (25, 58)
    assert not income.whole and income.spread == pytest.approx(np.std(ROWS["income"]))
    assert work.categories == ("farm", "none", "office") and sex.held and not age.held
    assert table.width == 1 + 1 + 3 + 2


def test_coordinates_are_standardised_and_read_back(table):
    x = table.encode(ROWS)
    assert x.shape == (4, 7) and torch.allclose(x[:, :2].mean(0), torch.zeros(2), atol=1e-6)
    assert torch.allclose(x[:, :2].std(0, correction=0), torch.ones(2))
    assert table.row(x[1]) == {"age": "41 years", "income": "52500", "work": "office", "sex": "m"}
    frame = table.frame(x)
    assert frame["work"] == ROWS["work"] and np.allclose(frame["income"], ROWS["income"], rtol=1e-5)


def test_frames_mappings_arrays_and_data_sets_of_scikit_learn():
    import pandas
    import pyarrow
    from sklearn.datasets import load_wine

    for rows in (ROWS, pandas.DataFrame(ROWS), pyarrow.table(ROWS)):
        assert Table.of(rows).names == ("age", "income", "work", "sex")
        assert torch.equal(Table.of(rows).encode(rows), Table.of(ROWS).encode(ROWS))
    wine = load_wine()
    assert Table.of(wine).names == tuple(wine.feature_names)
    assert Table.of(np.arange(6.0).reshape(3, 2)).names == ("feature 0", "feature 1")


def test_a_model_sees_its_own_units(table):
    seen = []

    class Model(torch.nn.Module):
        def forward(self, x):
            seen.append(x)
            return x[:, :2]

    network = isthmus.Network(Model(), mean=table.mean, std=table.std, input_kind=table, check=False)
    network.logits(table.encode(ROWS))
    values = seen[0]
    assert torch.allclose(values[:, 0], torch.tensor(ROWS["age"]).float(), rtol=1e-5)
    assert torch.allclose(values[:, 1], torch.tensor(ROWS["income"]), rtol=1e-5)
    assert values[:, 2:5].tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0]]


def test_changes_are_named_the_largest_first(table):
    x = table.encode(ROWS)
    base, moved = x[0], x[0].clone()
    moved[0] += 0.5
    moved[1] += 2
    assert [feature.name for feature, _ in table.changes(moved, base)] == ["income", "age"]
    assert table.reading(moved, base).startswith("2 of 4 features changed: income 31000 → ")
    assert table.reading(base, base) == "no feature changed"
    mixed = (x[0] + x[1]) / 2
    assert table.row(mixed)["work"] == "50 % farm + 50 % office"


def test_the_nearest_row_has_whole_numbers_and_one_category(table):
    x = table.encode(ROWS)
    mixed = 0.6 * x[:1] + 0.4 * x[1:2]
    nearest = table.nearest(mixed)
    assert nearest[0, 2:5].tolist() == [1, 0, 0]
    age = table["age"].value(nearest[0, :1].double().numpy())
    assert float(age) == pytest.approx(round(0.6 * 30 + 0.4 * 41), abs=1e-4)
    assert nearest[0, 1] == mixed[0, 1]  # no rounding where any number is one
    assert Table.of({"a": [0.5, 1.5]}).nearest(torch.zeros(1, 1)) is None


class Gap(torch.nn.Module):
    """Class 1, but for middle incomes of those who have work; a little the older somebody is, and less for one sex."""

    def forward(self, x):
        z = 3 - 6 * torch.exp(-x[:, 1].square() / 0.3) * (1 - x[:, 3]) + 0.2 * x[:, 0] + 0.5 * x[:, 5]
        return torch.stack([-z, z], 1)


@pytest.mark.parametrize("method", [None, isthmus.StringMethod(), isthmus.BarrierBypass(lr=0.05)])
def test_paths_keep_categories_whole_and_held_features_as_they_are(table, method):
    x = table.encode(
        {"age": [30, 40], "income": [18_500.0, 52_000.0], "work": ["farm", "office"], "sex": ["m", "m"]},
    )
    landscape = isthmus.Landscape(isthmus.Network(Gap(), input_kind=table))
    (pair,) = isthmus.connect(landscape, x[:1], x[1:], 1, method=method)
    assert pair.outcome is isthmus.Outcome.CONNECTED and pair.path.deviation > 0.01
    on = pair.path.at(torch.linspace(0, 1, 21, dtype=torch.float64))
    assert torch.allclose(on[:, 2:5].sum(1), torch.ones(21), atol=1e-4) and bool((on[:, 2:5] >= -1e-4).all())
    assert bool((on[:, 3] > 0.1).any())  # it leads through those without work
    assert torch.allclose(on[:, 5:], x[:1, 5:].expand(21, 2), atol=1e-5)


def test_slopes_leave_held_features_out():
    table = Table.of(ROWS, held=["sex", "age"])
    landscape, x = isthmus.Landscape(isthmus.Network(Gap(), input_kind=table)), table.encode(ROWS)
    slope = landscape.gradient(x, torch.ones(4, dtype=torch.long)).gradient
    assert bool((slope[:, [0, 5, 6]] == 0).all()) and bool((slope[:, 1] != 0).any())
    assert torch.allclose(slope[:, 2:5].sum(1), torch.zeros(4), atol=1e-6)
    whole = landscape.gradient(x, torch.ones(4, dtype=torch.long), followed=False).gradient
    assert bool((whole[:, 0] != 0).any()) and bool((whole[:, 2:5].sum(1).abs() > 1e-3).any())
    found = isthmus.attribute(landscape, isthmus.Polyline(x[:2]), 1)
    assert found.completeness_error < 1e-2 and float(found.values[0]) != 0


def test_shares_of_a_whole_stay_so():
    names = ("sand", "silt", "clay")
    table = Table.of(
        {"sand": [50.0, 20, 10], "silt": [30.0, 20, 70], "clay": [20.0, 60, 20]},
        ranges=dict.fromkeys(names, (0, 100)),
        sums=[(names, 100)],
    )
    assert len({feature.spread for feature in table.features}) == 1
    landscape = isthmus.Landscape(isthmus.Network(torch.nn.Linear(3, 2), input_kind=table))
    x = table.encode({"sand": [50.0, 20], "silt": [30.0, 20], "clay": [20.0, 60]})
    assert bool(landscape.domain.contains(x).all())
    moved = landscape.domain.project(x + torch.randn(2, 3, generator=torch.Generator().manual_seed(0)))
    values = torch.tensor([list(values) for values in table.frame(moved).values()])
    assert torch.allclose(values.sum(0), torch.full((2,), 100.0), atol=1e-3) and bool((values >= -1e-3).all())
    with pytest.raises(InputError, match=r"sum of sand, silt"):
        Table(features=(Feature(name="sand"), Feature(name="silt", spread=2)), sums=((("sand", "silt"), 1.0),))


def test_files(tmp_path, table):
    import pyarrow.csv
    import pyarrow.parquet

    rows = pyarrow.table(ROWS | {"class": ["good", "bad", "good", "bad"]})
    pyarrow.csv.write_csv(rows, tmp_path / "rows.csv")
    pyarrow.parquet.write_table(rows, tmp_path / "rows.parquet")
    known = Table.of(rows, label="class")
    for name in ("rows.csv", "rows.parquet"):
        found = known.open(tmp_path / name)
        assert len(found) == 4 and found.labels == ("good", "bad", "good", "bad") and found.names[2] == f"{name}:2"
        assert torch.equal(found.read(1, None), known.encode(rows)[1])
        assert torch.equal(known.read(f"{tmp_path / name}:3"), known.encode(rows)[3])
        assert found.digest(0) != found.digest(1)
    assert Table.of(ROWS).open(tmp_path / "rows.csv").labels == (None,) * 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("age,income,work,sex\n30,,farm,f\n", "income is missing or not finite in 1 of 1 rows"),
        ("age,income,work,sex\n30,5,mine,f\n", "work is 'mine' in row 0; its categories are farm, none, office"),
        ("age,income,work\n30,5,farm\n", "no column 'sex'"),
        ("age,income,work,sex\n30,5\n", "cannot be read as a table"),
        ("age,income,work,sex\nyoung,5,farm,f\n", "age must hold numbers"),
        ("age,income,work,sex\n", "has no rows"),
        ("", "cannot be read as a table"),
    ],
)
def test_bad_files_end_in_one_line(tmp_path, table, text, message):
    file = tmp_path / "rows.csv"
    file.write_text(text)
    with pytest.raises(ImageError, match=message) as caught:
        table.open(file)
    assert "\n" not in str(caught.value)


def test_bad_rows_and_settings_end_in_one_line(table, tmp_path):
    for given, message in (
        ({"a": [1.0, math.nan]}, "missing or not finite in 1 of 2 rows"),
        ({"a": ["x", None]}, "missing in 1 of 2 rows"),
        ({"a": [1, 2], "b": [1]}, "as long as one another"),
        ({"a": ["x", "x"]}, "leave it out"),
        ({}, "different names"),
        ([1, 2, 3], "a frame, a mapping"),
    ):
        with pytest.raises(InputError, match=message):
            Table.of(given)
    with pytest.raises(InputError, match="no feature 'weight'"):
        Table.of(ROWS, held=["weight"])
    with pytest.raises(ImageError, match="FILE:ROW"):
        table.read("rows.csv")
    (tmp_path / "rows.xls").write_text("")
    with pytest.raises(ImageError, match="is no table by its ending"):
        table.open(tmp_path / "rows.xls")
    with pytest.raises(InputError, match="7 coordinates"):
        isthmus.Network(torch.nn.Linear(4, 2), input_kind=table, input_shape=(4,))


def test_what_pandas_calls_missing_and_columns_of_dates():
    import pandas

    for values in (
        pandas.array([1, None, 3], dtype="Int64"),
        pandas.array([1.0, None, 3.0], dtype="Float64"),
        pandas.Series(["a", None, "b"]),
        pandas.Series(["a", None, "b"], dtype="category"),
        pandas.array([True, None, False], dtype="boolean"),
    ):
        with pytest.raises(InputError, match=r"missing .*in 1 of 3 rows"):
            Table.of(pandas.DataFrame({"a": values}))
    whole = Table.of(pandas.DataFrame({"a": pandas.array([1, 2, 3], dtype="Int64")}))
    assert whole.encode({"a": [2]}).item() == pytest.approx(0, abs=1e-6)
    assert Table.of(pandas.DataFrame({"a": pandas.Series(["x", "y", "x"], dtype="category")}))["a"].categories == (
        "x",
        "y",
    )
    with pytest.raises(InputError, match="must hold numbers, got datetime64"):
        Table.of(pandas.DataFrame({"a": pandas.to_datetime(["2020-01-01", "2021-01-01"])}))
