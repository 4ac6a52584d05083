"""Real records (the outliers scenario's 23:00 and what followed, cut down), and the page they make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.report import render

from .page import Node, read

ACCOUNTS = {"111122223333": "dev", "444455556666": "prod", "777788889999": "registry"}


@pytest.fixture
def records() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((Path(__file__).parent / "records.json").read_text())
    return found


@pytest.fixture
def shown(records: list[dict[str, Any]]) -> Callable[..., Node]:
    """Renders records (the real ones unless others are given) and reads the page."""

    def show(given: list[dict[str, Any]] | None = None, failure: str = "", **options: Any) -> Node:
        return read(
            render(records if given is None else given, "outliers", failure, accounts=ACCOUNTS, **options)
        )

    return show
