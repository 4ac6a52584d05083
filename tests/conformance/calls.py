"""The API calls that the platform makes: calls.json, by service.

    python -m tests.conformance.calls

writes it anew from the journals of every scenario.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from harness.model import Json
from harness.running import journal_of
from harness.scenario import names

LIST = Path(__file__).parent / "calls.json"


def listed() -> dict[str, list[str]]:
    """Operations by service."""
    told: dict[str, list[str]] = json.loads(LIST.read_text(encoding="utf-8"))
    return told


def made(records: Iterable[Json]) -> set[tuple[str, str]]:
    """(service, operation) of the journal's calls that succeeded."""
    return {(r["service"], r["operation"]) for r in records if r["kind"] == "call" and r["status"] < 300}


def unlisted(records: Iterable[Json]) -> list[str]:
    """The calls that the list lacks."""
    known = {(service, name) for service, names in listed().items() for name in names}
    return [f"{service}:{name}" for service, name in sorted(made(records) - known)]


def main() -> None:
    found = defaultdict(list)
    for service, name in sorted(set().union(*(made(journal_of(scenario)) for scenario in names()))):
        found[service].append(name)
    LIST.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
