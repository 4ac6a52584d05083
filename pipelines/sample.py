"""A stand-in for the Mammographic Mass data: invented rows, for machines that can't fetch the real ones.

Sizes, gaps and class balance are the real data's; values are drawn per class from rounded shares, so that a
model can learn from them. Never quote a result made from these rows.
"""

import random

Row = tuple[str, ...]
"""One line of the data set: BI-RADS, Age, Shape, Margin, Density, Severity, as text; `?` is a gap."""

SEED = 161
CLASS_SIZES = {"0": 516, "1": 445}
GAPS = (2, 5, 31, 48, 76)
"""How many values each feature lacks."""

AGES = {"0": (49, 14), "1": (62, 12)}
"""Mean and deviation."""

SHARES = {
    "0": {
        "birads": {"2": 3, "3": 6, "4": 83, "5": 8},
        "shape": {"1": 37, "2": 35, "3": 10, "4": 18},
        "margin": {"1": 66, "2": 2, "3": 9, "4": 18, "5": 5},
        "density": {"1": 2, "2": 9, "3": 87, "4": 2},
    },
    "1": {
        "birads": {"0": 1, "3": 1, "4": 27, "5": 69, "6": 2},
        "shape": {"1": 9, "2": 8, "3": 10, "4": 73},
        "margin": {"1": 9, "2": 3, "3": 17, "4": 45, "5": 26},
        "density": {"1": 2, "2": 4, "3": 93, "4": 1},
    },
}
"""Per class, the percentage of each value."""


def sample_rows() -> list[Row]:
    """The stand-in's 961 rows: the same ones every time."""
    rng = random.Random(SEED)
    rows = [_row(severity, rng) for severity, size in CLASS_SIZES.items() for _ in range(size)]
    rng.shuffle(rows)
    for column, gaps in enumerate(GAPS):
        for at in rng.sample(range(len(rows)), gaps):
            rows[at][column] = "?"
    return [tuple(row) for row in rows]


def _row(severity: str, rng: random.Random) -> list[str]:
    drawn = {
        name: rng.choices(list(shares), list(shares.values()))[0] for name, shares in SHARES[severity].items()
    }
    age = min(96, max(18, round(rng.gauss(*AGES[severity]))))
    return [drawn["birads"], str(age), drawn["shape"], drawn["margin"], drawn["density"], severity]
