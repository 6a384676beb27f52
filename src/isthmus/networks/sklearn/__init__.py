"""from_sklearn: a classifier of scikit-learn as an exact Network.

| estimator | its logits |
|---|---|
| `LogisticRegression`, `LogisticRegressionCV` | decision functions; (-z/2, z/2) of the one of two classes |
| `SGDClassifier(loss="log_loss")` of two classes | (-z/2, z/2) |
| `MLPClassifier` | what its last softmax gets; (-z/2, z/2) of two classes |
| `Pipeline` of scalers and one of these | the same, behind the scalers |
| with a `ColumnTransformer` of scalers and `OneHotEncoder` in front | the same, of rows of a `Table` |

These are the ones whose loss is the cross-entropy of these logits, so that their softmax is `predict_proba`. Decision
functions of hinges, and probabilities of several sigmoids that were brought to a sum of 1, are no such logits.
"""

from isthmus.networks.sklearn.network import from_sklearn

__all__ = ["from_sklearn"]
