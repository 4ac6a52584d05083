"""One look at the facts, for one decision."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.access.facts import Bucket
from harness.access.look import Look

from .cloud import Cloud
from .needs.world import HOME


@dataclass(frozen=True)
class Watched(Cloud):
    """Counts what is looked up; a bucket is another one each time."""

    asked: list[str] = field(default_factory=list)

    def bucket(self, name: str) -> Bucket | None:
        self.asked.append(name)
        return Bucket(name, HOME, policy=str(len(self.asked))) if name != "none" else None


def test_what_is_asked_again_is_what_was_answered_first() -> None:
    watched = Watched()
    look = Look(watched)
    assert look.bucket("models") is look.bucket("models")
    assert watched.asked == ["models"]


def test_that_there_is_nothing_is_not_asked_again_either() -> None:
    watched = Watched()
    look = Look(watched)
    assert look.bucket("none") is look.bucket("none") is None
    assert watched.asked == ["none"]


def test_other_things_are_asked_for_on_their_own() -> None:
    look = Look(Watched())
    found = [look.bucket(name) for name in ("a", "b")]
    assert [bucket.name for bucket in found if bucket] == ["a", "b"]


def test_the_next_decision_looks_anew() -> None:
    watched = Watched()
    policies = {bucket.policy for _ in range(2) if (bucket := Look(watched).bucket("models"))}
    assert policies == {"1", "2"}
