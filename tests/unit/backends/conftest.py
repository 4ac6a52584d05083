"""These tests are about the backend as the harness makes it: its managed policies, its clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.backends import moto
from harness.clock import Clock


@pytest.fixture(autouse=True)
def moto_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")


@pytest.fixture(autouse=True, scope="package")
def real_time_afterwards() -> Iterator[None]:
    yield
    moto.use(Clock())
