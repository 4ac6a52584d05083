"""What a column's text says it is."""

import re
from collections import Counter
from dataclasses import dataclass

from .dataset import Cell

INTEGRAL, FRACTIONAL, STRING, UNKNOWN = "Integral", "Fractional", "String", "Unknown"
NUMERIC = (INTEGRAL, FRACTIONAL)
TYPES = (*NUMERIC, STRING, UNKNOWN)

# deequ's StatefulDataType: an optional sign, an optional blank, ASCII digits; ".5" and "5." are strings.
_INTEGRAL = re.compile(r"[-+]? ?[0-9]+")
_FRACTIONAL = re.compile(r"[-+]? ?[0-9]+(\.[0-9]+([Ee][-+]?[0-9]+)?|[Ee][-+]?[0-9]+)")


@dataclass(frozen=True)
class Profile:
    """A column: its present values in order, how many are missing, and how many values are of each type."""

    name: str
    values: list[str]
    missing: int
    types: Counter[str]

    @property
    def inferred_type(self) -> str:
        """Any other text makes a column String, any fraction Fractional; no values at all is Unknown."""
        return next((kind for kind in (STRING, FRACTIONAL, INTEGRAL) if self.types[kind]), UNKNOWN)

    @property
    def completeness(self) -> float:
        """Share of rows that hold a value."""
        return len(self.values) / (len(self.values) + self.missing)

    def share_of(self, kind: str) -> float:
        """Share of the present values that `kind` takes in; 0.0 when none is present, as in deequ.

        A Fractional column takes integers in and a String column takes everything in, as otherwise a data set
        would violate its own baseline. That AWS's analyzer does so too is not documented.
        """
        if not self.values:
            return 0.0
        taken = {FRACTIONAL: (INTEGRAL, FRACTIONAL), STRING: (INTEGRAL, FRACTIONAL, STRING)}.get(
            kind, (kind,)
        )
        return sum(self.types[t] for t in taken) / len(self.values)

    def numbers(self) -> list[float]:
        """The values of a numeric column."""
        return [float(value.replace(" ", "")) for value in self.values]


def profile_column(name: str, cells: list[Cell]) -> Profile:
    """The profile of a column of at least one row."""
    values = [cell for cell in cells if cell is not None]
    return Profile(name, values, len(cells) - len(values), Counter(map(_type_of, values)))


def _type_of(text: str) -> str:
    if _INTEGRAL.fullmatch(text):
        return INTEGRAL
    return FRACTIONAL if _FRACTIONAL.fullmatch(text) else STRING
