"""The built-in algorithm's hyperparameters: names, types and ranges.

Source: "XGBoost hyperparameters" in SageMaker's guide; messages are worded as AWS's image words them.
Left out, and so refused by name, is what serves several machines, GPUs, cross-validation, tuning jobs and the
image's own metrics.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from .failure import CustomerError

ALIASES = {
    "learning_rate": "eta",
    "min_split_loss": "gamma",
    "reg_lambda": "lambda",
    "reg_alpha": "alpha",
}
DEFAULT_SEED = 0

_METRICS = frozenset(
    {
        "auc",
        "aucpr",
        "map",
        "ndcg",
        "aft-nloglik",
        "cox-nloglik",
        "error",
        "gamma-deviance",
        "gamma-nloglik",
        "interval-regression-accuracy",
        "logloss",
        "mae",
        "mape",
        "merror",
        "mlogloss",
        "mphe",
        "poisson-nloglik",
        "rmse",
        "rmsle",
        "tweedie-nloglik",
    }
)
_METRICS_WITH_THRESHOLD = frozenset({"error", "ndcg", "map"})
_OBJECTIVES = [
    "binary:logistic",
    "binary:logitraw",
    "binary:hinge",
    "count:poisson",
    "multi:softmax",
    "multi:softprob",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
    "reg:linear",
    "reg:squarederror",
    "reg:logistic",
    "reg:gamma",
    "reg:pseudohubererror",
    "reg:squaredlogerror",
    "reg:absoluteerror",
    "reg:tweedie",
    "survival:aft",
    "survival:cox",
]


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`, the ends included unless said otherwise."""

    low: float = -inf
    high: float = inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below

    def __str__(self) -> str:
        opening = "(" if self.open_low or self.low == -inf else "["
        closing = ")" if self.open_high or self.high == inf else "]"
        low = "-inf" if self.low == -inf else f"{self.low:g}"
        high = "+inf" if self.high == inf else f"{self.high:g}"
        return f"{opening}{low}, {high}{closing}"


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")]


Parse = Callable[[str], Any]
Rule = tuple[Parse, Interval | list[str] | None]

_FROM_0 = Interval(0)
_FROM_1 = Interval(1)
_UNIT = Interval(0, 1)
_SHARE = Interval(0, 1, open_low=True)
_SWITCH = ["true", "false"]

RULES: dict[str, Rule] = {
    "num_round": (int, _FROM_1),
    "csv_weights": (int, _UNIT),
    "early_stopping_rounds": (int, _FROM_1),
    "booster": (str, ["gbtree", "gblinear", "dart"]),
    "verbosity": (int, Interval(0, 3)),
    "nthread": (int, _FROM_1),
    "eta": (float, _UNIT),
    "gamma": (float, _FROM_0),
    "max_depth": (int, _FROM_0),
    "min_child_weight": (float, _FROM_0),
    "max_delta_step": (float, _FROM_0),
    "subsample": (float, _SHARE),
    "colsample_bytree": (float, _SHARE),
    "colsample_bylevel": (float, _SHARE),
    "colsample_bynode": (float, _SHARE),
    "lambda": (float, _FROM_0),
    "alpha": (float, _FROM_0),
    "tree_method": (str, ["auto", "exact", "approx", "hist"]),
    "scale_pos_weight": (float, replace(_FROM_0, open_low=True)),
    "updater": (str, None),
    "refresh_leaf": (int, _UNIT),
    "process_type": (str, ["default", "update"]),
    "grow_policy": (str, ["depthwise", "lossguide"]),
    "max_leaves": (int, _FROM_0),
    "max_bin": (int, _FROM_0),
    "monotone_constraints": (str, None),
    "interaction_constraints": (str, None),
    "sample_type": (str, ["uniform", "weighted"]),
    "normalize_type": (str, ["tree", "forest"]),
    "rate_drop": (float, _UNIT),
    "one_drop": (int, _UNIT),
    "skip_drop": (float, _UNIT),
    "tweedie_variance_power": (float, Interval(1, 2, open_low=True, open_high=True)),
    "objective": (str, _OBJECTIVES),
    "num_class": (int, Interval(2)),
    "base_score": (float, _FROM_0),
    "eval_metric": (_listed, None),
    "seed": (int, Interval(-(2**31), 2**31 - 1, open_low=True, open_high=True)),
    "num_parallel_tree": (int, _FROM_1),
    "save_model_on_termination": (str, _SWITCH),
    "aft_loss_distribution": (str, ["normal", "logistic", "extreme"]),
    "aft_loss_distribution_scale": (float, _FROM_0),
    "deterministic_histogram": (str, _SWITCH),
    "sampling_method": (str, ["uniform", "gradient_based"]),
}


def validate(given: Mapping[str, str]) -> dict[str, Any]:
    """The hyperparameters of hyperparameters.json, all strings there, as numbers, texts and lists.

    Aliases are replaced and a seed is set. Raises CustomerError naming the hyperparameter that is missing,
    unknown, unreadable or out of range.
    """
    texts = {ALIASES.get(name, name): value for name, value in given.items()}
    if "num_round" not in texts:
        raise CustomerError("Missing required hyperparameter: num_round")
    values = {name: _value(name, text) for name, text in texts.items()}
    _check_together(values)
    return {"seed": DEFAULT_SEED, **values}


def _value(name: str, text: str) -> Any:
    if name not in RULES:
        raise CustomerError(f"Extraneous hyperparameter found: {name}")
    parse, allowed = RULES[name]
    try:
        value = parse(text)
    except ValueError as error:
        raise CustomerError(f"Hyperparameter {name}: could not parse value {text!r}") from error
    if allowed is not None and value not in allowed:
        raise CustomerError(f"Hyperparameter {name}: value {value} not in range {allowed}")
    return value


def _check_together(values: Mapping[str, Any]) -> None:
    objective = values.get("objective", "reg:squarederror")
    if objective.startswith("multi:") and "num_class" not in values:
        raise CustomerError("Require input for parameter 'num_class' for multi-classification")
    for metric in values.get("eval_metric", ()):
        name, at, threshold = metric.partition("@")
        if name not in (_METRICS_WITH_THRESHOLD if at else _METRICS):
            raise CustomerError(f"Hyperparameter eval_metric: value {metric} not in range {sorted(_METRICS)}")
        if at and not threshold.replace(".", "", 1).isdigit():
            raise CustomerError(f"Threshold value 't' in '{name}@t' expects float input.")
        if metric == "auc" and not objective.startswith(("binary:", "rank:")):
            raise CustomerError("Metric 'auc' can only be applied for classification and ranking problems.")
