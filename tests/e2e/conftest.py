"""The real app: a gateway process, and boto3 over HTTP by profile. Most tests share one gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from harness.running import environment
from harness.stack import Stack, started
from tests.e2e.account import Account
from tests.e2e.callers import Callers
from tests.e2e.terraform_workspace import Workspace, terraform


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


@pytest.fixture(scope="package")
def terraform_process(gateway: Stack) -> Iterator[Popen[str]]:
    with terraform(gateway) as process:
        yield process


@pytest.fixture
def workspace(terraform_process: Popen[str], tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(terraform_process, tmp_path)
    yield workspace
    if workspace.applied:
        workspace.destroy()
