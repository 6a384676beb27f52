from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC

from isthmus import Network
from isthmus.errors import NetworkError
from isthmus.inputs import Table
from isthmus.networks.sklearn import from_sklearn

WINE, CANCER = load_wine(), load_breast_cancer()
SCALERS = {
    "standard": lambda: [StandardScaler()],
    "only centered": lambda: [StandardScaler(with_std=False), MinMaxScaler()],
    "only scaled": lambda: [StandardScaler(with_mean=False)],
    "clipped": lambda: [MinMaxScaler((-1, 0.5), clip=True)],
    "robust": lambda: [RobustScaler(with_centering=False)],
    "several": lambda: [MaxAbsScaler(), "passthrough", RobustScaler()],
}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(estimator, data=WINE, scalers=()):
    return make_pipeline(*scalers, estimator).fit(data.data, data.target)


def apart(network: Network, rows: torch.Tensor, expected: np.ndarray) -> float:
    return float(np.abs(network.logits(rows).double().softmax(1).numpy() - expected).max())


def spread_rows(data) -> np.ndarray:
    """Random rows, some of them far outside the data."""
    random = np.random.default_rng(3)
    return data.data.mean(0) + 2 * data.data.std(0) * random.normal(size=(200, data.data.shape[1]))


@pytest.mark.parametrize("data", [WINE, CANCER], ids=["three classes", "two classes"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_softmax_is_predict_proba_of_an_mlp(activation, data):
    model = fitted(MLPClassifier((12, 7), activation=activation, max_iter=15, random_state=0), data, [StandardScaler()])
    rows = spread_rows(data)
    assert apart(from_sklearn(model), torch.from_numpy(rows).float(), model.predict_proba(rows)) < 1e-5


@pytest.mark.parametrize("scalers", SCALERS.values(), ids=SCALERS.keys())
@pytest.mark.parametrize("data", [WINE, CANCER], ids=["three classes", "two classes"])
def test_softmax_is_predict_proba_behind_scalers(scalers, data):
    model = fitted(LogisticRegression(max_iter=50), data, scalers())
    rows = spread_rows(data)
    assert apart(from_sklearn(model), torch.from_numpy(rows).float(), model.predict_proba(rows)) < 1e-5


@pytest.mark.parametrize(
    "estimator",
    [SGDClassifier(loss="log_loss", random_state=0), LogisticRegression(solver="liblinear"), LogisticRegression()],
    ids=["sgd", "liblinear", "lbfgs"],
)
def test_two_classes_become_two_logits(estimator):
    model = fitted(estimator, CANCER, [StandardScaler()])
    rows = CANCER.data[:50]
    network = from_sklearn(model)
    logits = network.logits(torch.from_numpy(rows).float())
    assert apart(network, torch.from_numpy(rows).float(), model.predict_proba(rows)) < 1e-5
    assert torch.allclose(
        logits[:, 1] - logits[:, 0], torch.from_numpy(model.decision_function(rows)).float(), atol=1e-4
    )
    assert torch.equal(logits[:, 0], -logits[:, 1])


def test_inputs_are_rows_of_a_table():
    model = fitted(MLPClassifier((10,), max_iter=30, random_state=0), WINE, [StandardScaler()])
    table = Table.of(WINE)
    network = from_sklearn(model, table=table)
    assert network.input_kind is table and network.input_shape == (13,) and network.class_names == ("0", "1", "2")
    assert apart(network, table.encode(WINE), model.predict_proba(WINE.data)) < 1e-5
    assert from_sklearn(model, class_names=list(WINE.target_names)).class_names == tuple(WINE.target_names)
    assert from_sklearn(model).name == "MLPClassifier behind StandardScaler"


def test_a_bare_classifier_with_words_for_classes():
    model = LogisticRegression(max_iter=50).fit(WINE.data / 100, WINE.target_names[WINE.target])
    network = from_sklearn(model)
    assert network.class_names == tuple(WINE.target_names) and network.name == "LogisticRegression"
    assert apart(network, torch.from_numpy(WINE.data / 100).float(), model.predict_proba(WINE.data / 100)) < 1e-5


@pytest.mark.parametrize(
    ("estimator", "scalers", "message"),
    [
        (RandomForestClassifier(3), [], "RandomForestClassifier has no exact network"),
        (LinearSVC(), [StandardScaler()], "LinearSVC has no exact network"),
        (SGDClassifier(), [StandardScaler()], "loss='hinge'"),
        (SGDClassifier(loss="log_loss"), [StandardScaler()], "one question a class"),
        (LogisticRegression(), [PolynomialFeatures(2), StandardScaler()], "PolynomialFeatures cannot stand"),
    ],
)
def test_others_are_refused_by_name(estimator, scalers, message):
    with pytest.raises(NetworkError, match=re.escape(message)) as error:
        from_sklearn(fitted(estimator, WINE, scalers))
    assert "\n" not in str(error.value)


def test_what_is_no_fitted_classifier():
    with pytest.raises(NetworkError, match="no fitted classifier"):
        from_sklearn(LogisticRegression())
    with pytest.raises(NetworkError, match="str is no fitted classifier"):
        from_sklearn("logistic")
    with pytest.raises(NetworkError, match="several labels at once"):
        from_sklearn(MLPClassifier((3,), max_iter=2).fit(WINE.data, np.eye(3, dtype=int)[WINE.target] | [1, 0, 0]))


def test_a_table_of_other_features_is_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(WINE.data, columns=WINE.feature_names)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, WINE.target)
    assert from_sklearn(model, table=Table.of(frame)).input_shape == (13,)
    with pytest.raises(NetworkError, match="takes 13 features, and rows of the table have 12"):
        from_sklearn(model, table=Table.of(frame.iloc[:, 1:]))
    with pytest.raises(NetworkError, match="Feature 0 of Pipeline is 'alcohol', and that of the table 'spirit'"):
        from_sklearn(model, table=Table.of(frame.rename(columns={"alcohol": "spirit"})))


def test_columns_in_another_order_are_found_by_their_names():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(WINE.data, columns=WINE.feature_names)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, WINE.target)
    turned = frame.iloc[:, ::-1]
    table = Table.of(turned)
    found = torch.softmax(from_sklearn(model, table=table).logits(table.encode(turned)), 1)
    assert np.allclose(found.detach(), model.predict_proba(frame), atol=1e-4)


def test_columns_that_were_spread_before_are_found_by_their_names():
    """pandas.get_dummies puts categories behind the numbers: the table has them where their column stood."""
    pandas = pytest.importorskip("pandas")
    random = np.random.default_rng(0)
    rows = pandas.DataFrame({"job": random.choice(["clerk", "nurse"], 80), "age": random.normal(40, 10, 80)})
    y = ((rows.job == "nurse") ^ (rows.age > 40)).astype(int)
    spread = pandas.get_dummies(rows)
    assert list(spread) == ["age", "job_clerk", "job_nurse"]
    model = LogisticRegression().fit(spread, y)
    table = Table.of(rows)
    found = torch.softmax(from_sklearn(model, table=table).logits(table.encode(rows)), 1)
    assert np.allclose(found.detach(), model.predict_proba(spread), atol=1e-4)


def test_categories_may_be_numbers():
    pandas = pytest.importorskip("pandas")
    compose, preprocessing = (pytest.importorskip(f"sklearn.{name}") for name in ("compose", "preprocessing"))
    random = np.random.default_rng(1)
    rows = pandas.DataFrame({"code": random.integers(1, 4, 90), "age": random.normal(40, 10, 90)})
    y = (rows.code == 2).astype(int)
    step = compose.ColumnTransformer([("c", preprocessing.OneHotEncoder(), ["code"]), ("n", StandardScaler(), ["age"])])
    model = make_pipeline(step, LogisticRegression()).fit(rows, y)
    for given in (rows.astype({"code": str}), rows.astype({"code": "category"})):
        table = Table.of(given)
        assert table["code"].categories == ("1", "2", "3")
        found = torch.softmax(from_sklearn(model, table=table).logits(table.encode(given)), 1)
        assert np.allclose(found.detach(), model.predict_proba(rows), atol=1e-4)


def test_probabilities_made_another_way_are_refused():
    class Sharpened(LogisticRegression):
        def predict_proba(self, rows):
            squared = super().predict_proba(rows) ** 2
            return squared / squared.sum(1, keepdims=True)

    Sharpened.__name__ = "LogisticRegression"
    with pytest.raises(NetworkError, match="differs from predict_proba"):
        from_sklearn(fitted(Sharpened(max_iter=50), WINE, [StandardScaler()]))


def mixed_rows():
    pandas = pytest.importorskip("pandas")
    random = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "work": random.choice(["office", "field", "none"], 300),
            "age": random.normal(40, 12, 300),
            "place": random.choice(["north", "south"], 300),
            "income": random.normal(3e4, 9e3, 300),
        }
    )
    return frame, (frame["age"] + 10 * (frame["work"] == "field") + 5 * random.normal(size=300) > 42).astype(int)


@pytest.mark.parametrize("drop", [None, "first", "if_binary"])
def test_words_and_numbers_through_columns(drop):
    frame, answers = mixed_rows()
    front = ColumnTransformer(
        [
            ("numbers", make_pipeline(StandardScaler(), MinMaxScaler()), ["income", "age"]),
            ("words", OneHotEncoder(drop=drop), ["place", "work"]),
        ]
    )
    model = make_pipeline(front, MLPClassifier((8,), max_iter=40, random_state=0)).fit(frame, answers)
    table = Table.of(frame)
    network = from_sklearn(model, table=table)
    assert network.input_shape == (table.width,) == (7,)
    assert apart(network, table.encode(frame), model.predict_proba(frame)) < 1e-5


def test_columns_of_an_array_by_number_slice_and_mask():
    masked = np.arange(13) == 12
    front = ColumnTransformer(
        [
            ("a", RobustScaler(), slice(0, 2)),
            ("b", "passthrough", [5]),
            ("c", "drop", [7]),
            ("d", MaxAbsScaler(), masked),
        ],
        remainder=MinMaxScaler(),
    )
    model = make_pipeline(front, LogisticRegression(max_iter=50)).fit(WINE.data, WINE.target)
    assert apart(from_sklearn(model), torch.from_numpy(WINE.data).float(), model.predict_proba(WINE.data)) < 1e-5
    table = Table.of(WINE)
    assert apart(from_sklearn(model, table=table), table.encode(WINE), model.predict_proba(WINE.data)) < 1e-5


def test_columns_that_the_table_does_not_know():
    frame, answers = mixed_rows()
    front = ColumnTransformer([("words", OneHotEncoder(), ["place", "work"])], remainder=StandardScaler())
    model = make_pipeline(front, LogisticRegression()).fit(frame, answers)
    with pytest.raises(NetworkError, match="place is encoded as categories; give a table"):
        from_sklearn(model)
    with pytest.raises(NetworkError, match="different categories, such as 'none'"):
        from_sklearn(model, table=Table.of(frame[frame["work"] != "none"]))
    with pytest.raises(NetworkError, match="takes 4 columns, and the table has 3"):
        from_sklearn(model, table=Table.of(frame.iloc[:, :3]))
    rare = ColumnTransformer([("words", OneHotEncoder(min_frequency=110), ["work"])])
    with pytest.raises(NetworkError, match="rare categories"):
        from_sklearn(make_pipeline(rare, LogisticRegression()).fit(frame, answers), table=Table.of(frame))


def test_dummies_that_the_rows_brought_along():
    frame, answers = mixed_rows()
    table = Table.of(frame)
    natural = (table.encode(frame).double().numpy() - table.mean) / table.std
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(natural, answers)
    assert apart(from_sklearn(model, table=table), table.encode(frame), model.predict_proba(natural)) < 1e-5
