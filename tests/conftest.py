"""What every test starts from."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from harness.clock import Clock

# Importing the SageMaker SDK looks for credentials: without any, at EC2's metadata service.
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


@pytest.fixture(autouse=True)
def moto_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto is one for the whole process: no test leaves it another's clock, or whom another's services ask.

    AWS's 1,582 managed policies, which MotoBackend asks for, would cost each `mock_aws` two seconds.
    """
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    yield
    ours = sys.modules.get("harness.backends.moto")
    if ours:
        ours.use(Clock())
        ours.moto_deliveries.use(None)
