"""The real app: a gateway process, and boto3 over HTTP by profile. Most tests share one gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.running import environment
from harness.stack import Stack, started
from tests.e2e.account import Account
from tests.e2e.callers import Callers


@pytest.fixture(scope="package")
def gateway() -> Iterator[Stack]:
    with started() as stack:
        yield stack


@pytest.fixture(scope="package")
def dev(gateway: Stack) -> Account:
    with environment(gateway):
        return Account("dev", gateway)


@pytest.fixture(scope="package")
def callers(gateway: Stack) -> Callers:
    return Callers(gateway)
