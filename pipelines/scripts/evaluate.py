"""Evaluation: the model's AUC on the test split, from its probabilities, as a report that the pipeline reads.

Runs in AWS's XGBoost image and needs only the standard library, pandas, scikit-learn and xgboost.
"""

import json
import sys
import tarfile
from pathlib import Path

import pandas as pd
import xgboost
from sklearn.metrics import roc_auc_score

ARTIFACT = "xgboost-model"


class BadInputError(Exception):
    """The model or the test split can't be used; the message says why."""


def load_model(archive: Path) -> xgboost.Booster:
    """The booster that the built-in algorithm saved in `model.tar.gz`."""
    if not archive.exists():
        raise BadInputError(f"no model at {archive}")
    with tarfile.open(archive) as tar:
        members = [member for member in tar.getmembers() if Path(member.name).name == ARTIFACT]
        content = tar.extractfile(members[0]) if members else None
        if content is None:
            raise BadInputError(f"no {ARTIFACT} in {archive.name}")
        booster = xgboost.Booster()
        booster.load_model(bytearray(content.read()))
    return booster


def auc(booster: xgboost.Booster, test: pd.DataFrame) -> float:
    """AUC of the probabilities. Rounding them to classes first would make another, lower number of it."""
    label, features = test.iloc[:, 0], test.iloc[:, 1:]
    if label.nunique() < 2:
        raise BadInputError("the test split holds one class only, so it has no AUC")
    return float(roc_auc_score(label, booster.predict(xgboost.DMatrix(features.to_numpy()))))


def main(root: Path = Path("/opt/ml")) -> int:
    """Run under SageMaker's directory; what is wrong goes to stderr and the job's exit message."""
    processing = root / "processing"
    try:
        booster = load_model(processing / "model" / "model.tar.gz")
        score = auc(booster, pd.read_csv(processing / "test" / "test.csv", header=None))
    except BadInputError as error:
        print(f"error: {error}", file=sys.stderr)
        (root / "output").mkdir(parents=True, exist_ok=True)
        (root / "output" / "message").write_text(str(error))
        return 1
    report = {"binary_classification_metrics": {"auc": {"value": score, "standard_deviation": "NaN"}}}
    folder = processing / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evaluation.json").write_text(json.dumps(report))
    print(f"AUC {score:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
