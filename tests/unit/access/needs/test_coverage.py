"""What the harness serves it can also decide, and docs/permissions.md says where it cannot."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from harness.backends.moto import SERVICES
from harness.services.events import Events
from harness.services.functions import Functions
from harness.services.sagemaker import OPERATIONS as SAGEMAKER
from harness.services.simulator import OPERATIONS as SIMULATOR
from harness.services.sts.api import _OPERATIONS as STS
from tests.unit.access.needs.coverage import implemented, table, uncovered_of

DOCUMENT = Path(__file__).parents[4] / "docs" / "permissions.md"


@pytest.fixture
def own(tmp_path: Path) -> dict[str, frozenset[str]]:
    """The operations of our own services."""
    anything = MagicMock()
    return {
        "events": frozenset(Events(anything, anything, anything)._operations),
        "iam": frozenset(SIMULATOR),
        "lambda": frozenset(Functions(anything, anything, anything, anything, tmp_path)._operations),
        "sagemaker": frozenset(SAGEMAKER),
        "sts": frozenset(STS),
    }


def test_of_everything_that_our_own_services_do_it_is_known_what_it_needs(
    own: dict[str, frozenset[str]],
) -> None:
    assert {service: uncovered_of(service, names) for service, names in own.items()} == {
        service: [] for service in own
    }


def test_the_documents_table_is_true(own: dict[str, frozenset[str]]) -> None:
    moto = {service: implemented(service) for service in SERVICES}
    true = table({**own, **moto, "iam": moto["iam"] | own["iam"]})
    assert true in DOCUMENT.read_text(encoding="utf-8"), f"docs/permissions.md should have:\n{true}"


def test_what_is_not_known_is_told_by_name() -> None:
    assert uncovered_of("iam", ["GetRole", "GetAccessKeyLastUsed"]) == ["GetAccessKeyLastUsed"]


def test_the_table_counts_what_is_covered() -> None:
    row = table({"iam": ["GetRole", "GetAccessKeyLastUsed"]}).splitlines()[-1]
    assert row == "| iam | 2 | 1 | `GetAccessKeyLastUsed` |"
