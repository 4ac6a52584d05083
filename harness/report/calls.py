"""Who called what: counts, refusals, and whose call is behind a record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from harness.model import Json
from harness.report.facts import Lesson, Refusal, Tally
from harness.report.words import principal


class Authors:
    """Finds the call behind a record: calls are recorded when answered, so it is the first such one after it."""

    def __init__(self, records: list[Json]) -> None:
        self._open = [r for r in records if r["status"] < 400]

    def of(self, n: int, *operations: str) -> str:
        """Whose call wrote record `n`; empty where none is left. A call is given once."""
        call = next((r for r in self._open if r["n"] > n and r["operation"] in operations), None)
        if call is None:
            return ""
        self._open.remove(call)
        return principal(call["principal"])


def refusals(records: list[Json]) -> list[Refusal]:
    """Calls with an error, or with a lesson; the same ones counted together, as they first came."""
    groups: dict[tuple[object, ...], list[Json]] = {}
    for r in records:
        lesson = r.get("denial") or {}
        if lesson or r["status"] >= 400:
            key = (
                r["status"],
                r["account"],
                principal(r["principal"]),
                r["service"],
                r["operation"],
                r["error"],
                lesson.get("action"),
                lesson.get("resource"),
            )
            groups.setdefault(key, []).append(r)
    return [_refusal(group) for group in groups.values()]


def _refusal(group: list[Json]) -> Refusal:
    first = group[0]
    return Refusal(
        time=datetime.fromisoformat(first["time"]),
        status=first["status"],
        account=first["account"],
        principal=principal(first["principal"]),
        service=first["service"],
        operation=first["operation"],
        error=first["error"],
        decision=first["decision"],
        count=len(group),
        lesson=_lesson(first["denial"]) if first.get("denial") else None,
    )


def _lesson(told: Json) -> Lesson:
    return Lesson(
        action=told["action"],
        resource=told["resource"],
        why=told["why"],
        cause=told["cause"],
        policies=tuple((read["policy"], read["says"], read["why"]) for read in told["policies"]),
        changes=tuple((c["where"], c["what"], _text(c["statement"])) for c in told["changes"]),
    )


def _text(statement: Json) -> str:
    return json.dumps(statement, indent=2) if statement else ""


def tally(records: list[Json]) -> Tally:
    calls: Counter[tuple[tuple[str, str], str]] = Counter()
    errors: Counter[tuple[tuple[str, str], str]] = Counter()
    for r in records:
        key = ((r["account"], principal(r["principal"])), r["service"])
        calls[key] += 1
        errors[key] += r["status"] >= 400
    rows: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for (who, service), count in calls.items():
        rows.setdefault(who, {})[service] = (count, errors[who, service])
    return Tally(tuple(_by_use(calls)), dict(sorted(rows.items())))


def _by_use(calls: Counter[tuple[tuple[str, str], str]]) -> Iterator[str]:
    """Services, the most called first."""
    total: Counter[str] = Counter()
    for (_, service), count in calls.items():
        total[service] += count
    return (service for service, _ in total.most_common())
