"""Where a combination is known to differ from what a claim says. There the test has to fail: the table stays true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.conformance.combination import Combination


@dataclass(frozen=True)
class Difference:
    """`claim` as the table has it. Empty, `backends` and `runners` mean any."""

    claim: str
    why: str
    backends: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()

    def concerns(self, combination: Combination) -> bool:
        pairs = (combination.service, self.backends), (combination.runner, self.runners)
        return all(not named or own in named for own, named in pairs)


MOTO = ("moto", "moto-server")
DIFFERENCES = (
    Difference(
        "A key whose deletion is scheduled encrypts nothing more",
        "moto encrypts with it all the same",
        backends=MOTO,
    ),
    Difference(
        "A key's deletion is scheduled by its ARN, too",
        "moto knows it by its id only, and fails",
        backends=MOTO,
    ),
)


def known(claim: str, combination: Combination, among: Iterable[Difference] = DIFFERENCES) -> str:
    """Why the claim does not hold there; empty where it does."""
    return next((d.why for d in among if d.claim == claim and d.concerns(combination)), "")
