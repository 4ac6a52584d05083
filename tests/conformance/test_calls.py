"""API calls of the platform.

Each was made by a test of this suite, or by the harness on its behalf, and succeeded."""

from __future__ import annotations

import pytest

from harness.stack import Stack
from tests.conformance.calls import listed, made


@pytest.fixture(scope="module")
def done(stack: Stack) -> set[tuple[str, str]]:
    return made(stack.client.journal(0, "call"))


@pytest.mark.parametrize(
    ("service", "operation"), [(service, name) for service, names in listed().items() for name in names]
)
def test_the_suite_makes_each_call_of_the_platform(
    done: set[tuple[str, str]], service: str, operation: str
) -> None:
    """{service}:{operation}"""
    assert (service, operation) in done
