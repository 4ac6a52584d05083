"""Training jobs on small data, as the files of /opt/ml."""

import json
import random
from pathlib import Path

import xgboost as xgb
from algorithm.training import main

PARAMETERS = {
    "objective": "binary:logistic",
    "eval_metric": "auc",
    "num_round": "5",
    "max_depth": "3",
    "subsample": "0.7",
}


def rows(count: int, seed: int = 1) -> str:
    """CSV: a label, then two features of which the first tells the label, more or less."""
    source = random.Random(seed)
    lines = []
    for _ in range(count):
        x, y = source.random(), source.random()
        lines.append(f"{int(x + 0.2 * y > 0.6)},{x:.4f},{y:.4f}\n")
    return "".join(lines)


def train(
    root: Path,
    channels: dict[str, dict[str, str]] | None = None,
    content_type: str | None = "text/csv",
    **parameters: str,
) -> tuple[int, str]:
    """Run a training job in `root`; the result is its exit code and its failure's reason, "" if none.

    `channels` holds files by channel and name; a parameter given as "" is left out.
    """
    channels = channels or {"train": {"part.csv": rows(200)}, "validation": {"part.csv": rows(80, 2)}}
    config = root / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    given = {name: value for name, value in {**PARAMETERS, **parameters}.items() if value}
    (config / "hyperparameters.json").write_text(json.dumps(given))
    described = {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }
    if content_type:
        described["ContentType"] = content_type
    (config / "inputdataconfig.json").write_text(json.dumps(dict.fromkeys(channels, described)))
    (config / "resourceconfig.json").write_text(json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]}))
    for channel, files in channels.items():
        (root / "input" / "data" / channel).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = root / "input" / "data" / channel / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    code = int(main(root))
    failure = root / "output" / "failure"
    return code, failure.read_text() if failure.exists() else ""


def model_of(root: Path) -> xgb.Booster:
    """The model that a training job in `root` wrote."""
    booster = xgb.Booster()
    booster.load_model(bytearray((root / "model" / "xgboost-model").read_bytes()))
    return booster
