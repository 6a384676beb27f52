from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from isthmus import IsthmusError
from isthmus.detection import ConnectivityNovelty, CurveClassifier
from isthmus.detection.scores import CLIP, score_from


def not_so(estimator):
    """Weighted rows are not repeated rows where each split looks at a random part of the features."""
    if isinstance(estimator, CurveClassifier) and estimator.model == "boosting":
        return {"check_sample_weight_equivalence_on_dense_data": "each split looks at a random part of the features"}
    return {}


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [CurveClassifier(), CurveClassifier("boosting", trees=20), ConnectivityNovelty()], expected_failed_checks=not_so
)
def test_what_scikit_learn_expects(estimator, check, as_installed):
    check(estimator)


@pytest.fixture(scope="module")
def rows():
    return make_classification(600, 12, n_informative=5, class_sep=0.8, random_state=1)


def test_inside_pipelines_and_cross_validation(rows):
    for model in ("logistic", "boosting"):
        found = cross_validate(
            make_pipeline(StandardScaler(), CurveClassifier(model, trees=40)), *rows, cv=4, scoring="roc_auc"
        )
        assert found["test_score"].mean() > 0.8
    unusual = make_pipeline(StandardScaler(), ConnectivityNovelty()).fit(rows[0])
    assert set(unusual.predict(rows[0])) == {-1, 1}


def test_trees_as_arrays_are_the_trees_of_scikit_learn(rows):
    x, y = rows
    mine = CurveClassifier("boosting", trees=30, random_state=4).fit(x, y)
    mean, scale = x.mean(0), x.std(0)
    weight = len(y) / 2 / np.bincount(y)[y]
    mean = np.average(x, axis=0, weights=weight)
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))
    theirs = GradientBoostingClassifier(n_estimators=30, max_features="sqrt", random_state=4).fit(
        np.clip((x - mean) / scale, -CLIP, CLIP).astype(np.float32), y, sample_weight=weight
    )
    again = np.clip((x - mean) / scale, -CLIP, CLIP).astype(np.float32)
    assert mine.decision_function(x) == pytest.approx(theirs.decision_function(again), abs=1e-9)


@pytest.mark.parametrize("model", ["logistic", "boosting", "novelty"])
def test_a_score_is_its_arrays_and_has_a_slope(rows, model):
    x, y = rows
    fitted = ConnectivityNovelty().fit(x) if model == "novelty" else CurveClassifier(model, trees=20).fit(x, y)
    score = fitted.score_
    again = score_from(score.name, score.arrays())
    assert (again.of(x) == score.of(x)).all()
    point = torch.tensor(x[:5], requires_grad=True)
    said = score.differentiable(point, softness=0.5)
    said.sum().backward()
    assert point.grad is not None and point.grad.isfinite().all() and (point.grad != 0).any()
    step = 1e-6 * torch.randn(5, 12, generator=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        change = score.differentiable(point + step, softness=0.5) - said
    if model != "boosting":  # which rounds to 32 bits
        assert torch.allclose(change, (point.grad * step).sum(1), rtol=1e-3, atol=1e-10)
    assert torch.allclose(
        torch.tensor(score.of(x[:5])), score.differentiable(torch.tensor(x[:5]), softness=1e-7), atol=1e-3
    )


def test_a_row_that_is_not_finite_has_no_score(rows):
    score = CurveClassifier().fit(*rows).score_
    broken = rows[0][:3].copy()
    broken[1, 0] = np.nan
    assert np.isnan(score.of(broken)).tolist() == [False, True, False]


def test_one_wild_feature_cannot_decide_alone(rows):
    x, y = rows
    score = CurveClassifier().fit(x, y).score_
    wild = x[:1].copy()
    wild[0, 0] = 1e12
    assert abs(score.of(wild)[0] - score.of(x[:1])[0]) <= abs(score.weight[0]) * 2 * CLIP + 1e-9


@pytest.mark.parametrize("fpr", [0.05, 0.1])
def test_novelty_keeps_its_word_per_class(fpr):
    """Within the interval of four standard deviations of the binomial distribution, in every class."""
    random = np.random.default_rng(7)

    def clean(count):
        classes = random.integers(0, 3, count)
        spread = np.array([0.5, 1.0, 3.0])[classes][:, None]  # a single threshold would flag the last class only
        return np.column_stack([classes, spread * random.standard_t(3, (count, 6))])

    fitted = ConnectivityNovelty(fpr, class_column=0).fit(clean(6000))
    rows = clean(6000)
    flagged = fitted.predict(rows) == -1
    assert (flagged == (fitted.p_values(rows) <= fpr)).all()
    for group in range(3):
        mine = flagged[rows[:, 0] == group]
        assert abs(mine.mean() - fpr) < 4 * np.sqrt(fpr * (1 - fpr) / len(mine)) + 0.01
    odd = rows.copy()
    odd[:, 1:] += 20
    assert (fitted.predict(odd) == -1).mean() > 0.9


def test_what_taught_the_distance_does_not_set_the_p_values():
    """Few rows and many features: rows that taught are nearer than others, and would make all others look odd."""
    random = np.random.default_rng(3)
    mixed = random.normal(size=(5, 60))

    def clean(count):
        return random.normal(size=(count, 5)) @ mixed + 0.05 * random.normal(size=(count, 60))

    flagged = [
        (ConnectivityNovelty(0.1, random_state=seed).fit(clean(60)).predict(clean(100)) == -1).mean()
        for seed in range(20)
    ]
    assert np.mean(flagged) < 0.13


def test_settings_that_cannot_be(as_installed):
    x = np.random.default_rng(0).normal(size=(30, 3))
    with pytest.raises(IsthmusError, match="logistic or boosting"):
        CurveClassifier("oracle").fit(x, np.arange(30) % 2)
    with pytest.raises(IsthmusError, match=r"\(0, 1\)"):
        ConnectivityNovelty(0.0).fit(x)
    with pytest.raises(IsthmusError, match="no score 'oracle'"):
        score_from("oracle", {})
    with pytest.raises(IsthmusError, match="needs constant, mean, scale, weight"):
        score_from("linear", {"mean": np.zeros(3)})
