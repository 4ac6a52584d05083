"""`train`: the built-in algorithm, from /opt/ml/input to /opt/ml/model/xgboost-model."""

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import xgboost as xgb

from .data import content_kind, cpu_count, read_channel
from .failure import CustomerError
from .hyperparameters import validate

MODEL = "xgboost-model"
SMALL = 1_000_000  # cells of training data
_MAXIMIZED = ("auc", "aucpr", "map", "ndcg")


def main(root: Path = Path("/opt/ml")) -> int:
    """Train as the files under `root`/input say and return the exit code.

    A failure's reason goes to `root`/output/failure, which becomes the training job's FailureReason, after
    "Customer Error" or "Algorithm Error" as its cause may be.
    """
    try:
        _train(root)
    except CustomerError as mistake:
        return _fail(root, f"Customer Error: {mistake}")
    except Exception as error:  # noqa: BLE001 — the job's edge: whatever went wrong is its failure's reason
        traceback.print_exc()
        return _fail(root, f"Algorithm Error: {error}")
    return 0


def _fail(root: Path, reason: str) -> int:
    (root / "output").mkdir(parents=True, exist_ok=True)
    (root / "output" / "failure").write_text(reason, encoding="utf-8")
    print(reason, file=sys.stderr, flush=True)
    return 1


def _train(root: Path) -> None:
    parameters = validate(_config(root, "hyperparameters.json"))
    hosts = _config(root, "resourceconfig.json").get("hosts", ["algo-1"])
    if len(hosts) > 1:
        raise CustomerError(f"Training on {len(hosts)} instances is not supported by this stand-in: use one")
    train, validation = _matrices(root, _config(root, "inputdataconfig.json"), parameters)
    booster = _boost(parameters, train, validation)
    model = root / "model"
    model.mkdir(parents=True, exist_ok=True)
    # UBJSON: what save_model of XGBoost 3.x gives a name that has no suffix, less its warning.
    (model / MODEL).write_bytes(booster.save_raw("ubj"))


def _config(root: Path, name: str) -> dict[str, Any]:
    path = root / "input" / "config" / name
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CustomerError(f"{path} does not exist") from error
    except ValueError as error:
        raise CustomerError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise CustomerError(f"{path} must hold an object")
    return document


def _matrices(
    root: Path, channels: dict[str, Any], parameters: dict[str, Any]
) -> tuple[xgb.DMatrix, xgb.DMatrix | None]:
    for name in channels:
        if name not in ("train", "validation"):
            raise CustomerError(f"Extraneous channel found: {name}")
    if "train" not in channels:
        raise CustomerError("Missing required channel: train")
    for name, channel in channels.items():
        if channel.get("TrainingInputMode", "File") == "Pipe":
            raise CustomerError(f"Channel {name}: Pipe mode is not supported by this stand-in: use File")
    weights = parameters.pop("csv_weights", 0) == 1
    # AWS's image reads both channels as the train channel's content type.
    kind = content_kind(channels["train"].get("ContentType"))
    data = {
        name: read_channel(root / "input" / "data" / name, kind, weights=weights)
        for name in ("train", "validation")
        if name in channels
    }
    train, validation = data["train"], data.get("validation")
    if validation is not None and validation.num_col() > train.num_col():
        raise CustomerError(
            f"The validation channel has {validation.num_col()} features, the train channel {train.num_col()}"
        )
    return train, validation


def _boost(parameters: dict[str, Any], train: xgb.DMatrix, validation: xgb.DMatrix | None) -> xgb.Booster:
    rounds = parameters.pop("num_round")
    patience = parameters.pop("early_stopping_rounds", None)
    # For managed spot training, whose instances may go away; none does here.
    parameters.pop("save_model_on_termination", None)
    metrics = parameters.get("eval_metric", [])
    parameters["nthread"] = _threads(parameters.get("nthread"), train.num_row() * train.num_col())
    print(f"Train matrix has {train.num_row()} rows and {train.num_col()} columns", flush=True)
    watched = [(train, "train")]
    if validation is not None:
        print(f"Validation matrix has {validation.num_row()} rows", flush=True)
        watched.append((validation, "validation"))
    callbacks: list[xgb.callback.TrainingCallback] = [_EvaluationLog()]
    # AWS's image stops early only when there is a validation channel and a metric is named: the last one.
    if patience and validation is not None and metrics:
        callbacks.append(
            xgb.callback.EarlyStopping(
                rounds=patience,
                data_name="validation",
                metric_name=metrics[-1],
                maximize=metrics[-1].partition("@")[0] in _MAXIMIZED,
                save_best=True,
            )
        )
    try:
        return xgb.train(parameters, train, rounds, evals=watched, callbacks=callbacks, verbose_eval=False)
    except xgb.core.XGBoostError as error:
        raise CustomerError(_first_line(error)) from error


def _threads(wanted: int | None, cells: int) -> int:
    """At most one thread for each processor; one alone for little data, unless told otherwise.

    There the threads' waiting for each other costs more than the work: 600 rows took 0.1 to 2.3 s with two
    threads on two busy processors, 0.05 s with one.
    """
    return min(wanted or (cpu_count() if cells > SMALL else 1), cpu_count())


def _first_line(error: Exception) -> str:
    """XGBoost's own sentence: its errors begin with a time and a source line, and end with a stack."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].split("] ", 1)[-1].partition(": ")[2] or lines[0]


class _EvaluationLog(xgb.callback.TrainingCallback):
    """Prints each round as AWS's logs show it: `[0]#011train-auc:0.95000#011validation-auc:0.90000`.

    The tab of XGBoost's own line reaches the log as #011, and metric definitions match on that.
    """

    def after_iteration(self, model: xgb.Booster, epoch: int, evals_log: dict[str, Any]) -> bool:
        """Called by XGBoost after each round; False lets it go on."""
        scores = [
            f"{data}-{metric}:{history[-1]:.5f}"
            for data, metrics in evals_log.items()
            for metric, history in metrics.items()
        ]
        print("#011".join([f"[{epoch}]", *scores]), flush=True)
        return False
