from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from harness.client import Client
from harness.model import HarnessError
from tests.small_aws import served


class FakeHarness:
    """The WSGI application; `calls` are the names and bodies of what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.refusal = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        self.calls.append((request.path.rsplit("/", 1)[-1], json.loads(request.get_data() or b"{}")))
        told: dict[str, Any] = {"error": self.refusal} if self.refusal else {"seconds": 0.2}
        response = Response(json.dumps(told), status=400 if self.refusal else 200)
        return response(environ, start_response)

    def claims(self) -> list[Any]:
        return [body for name, body in self.calls if name == "claim"]


@pytest.fixture
def harness() -> FakeHarness:
    return FakeHarness()


@pytest.fixture
def client(harness: FakeHarness) -> Iterator[Client]:
    with served(harness) as endpoint:
        yield Client(endpoint)


def test_a_claim_is_renewed_while_it_is_held_and_then_released(harness: FakeHarness, client: Client) -> None:
    with client.claimed("scenario one"):
        time.sleep(0.5)
    last, released = harness.calls[-1]
    claims = harness.claims()
    assert len(claims) > 2
    assert claims[0]["name"].startswith("scenario one (process ")
    assert {claim["holder"] for claim in claims} == {released["holder"]}
    assert last == "release"
    time.sleep(0.2)
    assert len(harness.claims()) == len(claims)


def test_each_claim_has_a_holder_of_its_own(harness: FakeHarness, client: Client) -> None:
    for _ in range(2):
        with client.claimed("scenario one"):
            pass
    one, two = harness.claims()
    assert one["holder"] != two["holder"]


def test_whose_claim_is_refused_is_told_why(harness: FakeHarness, client: Client) -> None:
    harness.refusal = "scenario two (process 7) is running on this harness; wait for its end"
    with pytest.raises(HarnessError, match=r"scenario two \(process 7\) is running"), client.claimed("one"):
        pytest.fail("it was refused")


@pytest.mark.parametrize(
    "answer", [Response("{}"), Response("[]"), Response("<html>", status=404), Response('"no"', status=500)]
)
def test_what_else_answers_there_is_told_to_be_no_harness(answer: Response) -> None:
    with served(answer) as endpoint:
        assert not Client(endpoint).answers()
        with pytest.raises(HarnessError, match=f"what answers at {endpoint} is no harness"):
            Client(endpoint).status()


def test_a_harness_answers_with_its_status(tmp_path: Path) -> None:
    told = {"folder": str(tmp_path), "pid": 7}
    with served(Response(json.dumps(told))) as endpoint:
        assert Client(endpoint).answers()
        assert Client(endpoint).status() == told
