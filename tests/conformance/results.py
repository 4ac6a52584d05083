"""What a run found out: each claim's outcome on one combination, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """`outcome`: passed, fails (as is known), not run, or broken; `why` tells of the second and the third."""

    group: str
    claim: str
    outcome: str
    why: str = ""


@dataclass(frozen=True)
class Run:
    """One combination's run. Where it did not take place, `skipped` tells why, and there are no rows."""

    name: str
    versions: dict[str, str]
    rows: tuple[Row, ...] = ()
    skipped: str = ""

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Run:
        told = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{**told, "rows": tuple(Row(**row) for row in told["rows"])})
