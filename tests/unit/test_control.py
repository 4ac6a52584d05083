from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.app import App
from harness.clock import Clock
from harness.control import Control
from harness.journal import Journal
from harness.model import Engines, HttpRequest, Json

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


class FakeApp:
    """What Control needs of an App: no services, no processes."""

    endpoint = "http://127.0.0.1:1"
    engines = Engines(backend="moto-server")

    def __init__(self, folder: Path) -> None:
        self.folder, self.inbox = folder, folder / "inbox"
        self.clock = Clock(START)
        self.journal = Journal(self.clock)
        self.decider = SimpleNamespace(mode="audit", without=frozenset[str]())
        self.fired = 0
        self.moving = threading.Event()
        self.may_arrive = threading.Event()
        self.may_arrive.set()

    def advance_to(self, moment: datetime) -> list[str]:
        self.moving.set()
        self.may_arrive.wait(5)
        self.clock.advance_to(moment)
        return []

    def fire_due(self) -> None:
        self.fired += 1


@pytest.fixture
def app(tmp_path: Path) -> FakeApp:
    return FakeApp(tmp_path)


@pytest.fixture
def ended() -> threading.Event:
    return threading.Event()


@pytest.fixture
def control(app: FakeApp, ended: threading.Event) -> Control:
    return Control(cast(App, app), ended.set)


def ask(control: Control, method: str, name: str, body: Any = None, query: str = "") -> tuple[int, Any]:
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    response = control.handle(HttpRequest(method, f"/_harness/{name}", query, {}, raw))
    return response.status, json.loads(response.body)


def test_status_tells_what_runs_and_what_time_it_is(control: Control, app: FakeApp) -> None:
    app.journal.begin("a job")
    status, told = ask(control, "GET", "status")
    assert status == 200
    assert told["running"] == ["a job"]
    assert told["clock"].startswith("2026-03-01T09:00:0")
    assert told["folder"] == str(app.folder)
    assert told["iam"] == "audit"
    assert (told["runner"], told["backend"]) == ("process", "moto-server")


def test_the_journal_is_read_from_a_number_on_and_by_kind(control: Control, app: FakeApp) -> None:
    for kind in ("call", "mail", "call"):
        app.journal.write(kind)
    assert [r["n"] for r in ask(control, "GET", "journal", query="after=1&kinds=call")[1]] == [3]


def test_the_journal_waits_for_news(control: Control, app: FakeApp) -> None:
    threading.Timer(0.05, lambda: app.journal.write("mail")).start()
    assert [r["kind"] for r in ask(control, "GET", "journal", query="kinds=mail&wait=5")[1]] == ["mail"]


def test_the_inbox_has_every_mail_an_addresss_first_one_first(control: Control, app: FakeApp) -> None:
    (app.inbox / "me@example.com").mkdir(parents=True)
    for number in range(1, 12):
        (app.inbox / "me@example.com" / f"{number}-hello.eml").write_text(f"Subject: hello {number}")
    mails = ask(control, "GET", "inbox")[1]
    assert {mail["to"] for mail in mails} == {"me@example.com"}
    assert [mail["text"] for mail in mails] == [f"Subject: hello {number}" for number in range(1, 12)]


@pytest.mark.parametrize("body", [{"to": "2026-03-01T23:00:00Z"}, {"by": 14 * 3600}])
def test_the_clock_moves_to_a_moment_or_by_seconds(control: Control, body: Json) -> None:
    status, told = ask(control, "POST", "clock", body)
    assert status == 200
    assert told["clock"].startswith("2026-03-01T23:00:0")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"to": "2026-03-01T08:00:00Z"}, "the clock cannot go back: it is 2026-03-01 09:00:0"),
        ({"by": -1}, "the clock cannot go back"),
        ({"to": "2026-03-02T08:00:00"}, "has no time zone"),
        ({"to": "tomorrow"}, "Invalid isoformat string: 'tomorrow'"),
        ({"to": 7}, "Invalid isoformat string: '7'"),
        ({"to": "9999-12-31T23:59:59Z"}, "the clock goes no further than 2999-12-31"),
        ({"by": 1e30}, "the clock cannot go 1e+30 s ahead"),
        ({"by": "many"}, "could not convert"),
        ([], "the body has to be a JSON object"),
        (b"{", "Expecting property name"),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_the_clock_stays(
    control: Control, app: FakeApp, body: Any, sentence: str
) -> None:
    status, told = ask(control, "POST", "clock", body)
    assert status == 400
    assert sentence in told["error"]
    assert app.clock.now() - START < timedelta(seconds=5)


def test_while_somebody_moves_the_clock_real_time_fires_nothing_itself(
    control: Control, app: FakeApp
) -> None:
    """Else what the one has taken to fire, the other does not wait for."""
    app.may_arrive.clear()
    mover = threading.Thread(target=ask, args=(control, "POST", "clock", {"by": 60}))
    mover.start()
    assert app.moving.wait(5)
    control.fire_due()
    assert app.fired == 0
    app.may_arrive.set()
    mover.join()
    control.fire_due()
    assert app.fired == 1


def test_a_claim_holds_against_others_until_its_holder_releases_it(control: Control) -> None:
    one, two = {"name": "scenario one", "holder": "1"}, {"name": "scenario two", "holder": "2"}
    assert ask(control, "POST", "claim", one)[0] == 200
    status, told = ask(control, "POST", "claim", two)
    assert (status, told["error"]) == (400, "scenario one is running on this harness; wait for its end")
    ask(control, "POST", "release", two)
    assert ask(control, "GET", "status")[1]["claimed_by"] == "scenario one"
    ask(control, "POST", "release", one)
    assert ask(control, "GET", "status")[1]["claimed_by"] == ""
    assert ask(control, "POST", "claim", two)[0] == 200


def test_a_claim_that_nobody_renews_ends(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = {"name": "scenario one", "holder": "1"}, {"name": "scenario two", "holder": "2"}
    passed = 0.0
    monkeypatch.setattr("harness.control.time.monotonic", lambda: 1000 + passed)
    lasts = ask(control, "POST", "claim", one)[1]["seconds"]
    passed = lasts - 1
    assert ask(control, "POST", "claim", one)[0] == 200
    passed += lasts - 1
    assert ask(control, "POST", "claim", two)[0] == 400
    passed += 1
    assert ask(control, "POST", "claim", two)[0] == 200


@pytest.mark.parametrize(("body", "missing"), [({"holder": "1"}, "name"), ({"name": "x"}, "holder")])
def test_a_claim_needs_a_name_and_a_holder(control: Control, body: Json, missing: str) -> None:
    assert ask(control, "POST", "claim", body) == (400, {"error": f"{missing} is needed"})


def test_statements_are_left_out_of_decisions_until_others_are_named(control: Control, app: FakeApp) -> None:
    body = {"names": ["444455556666 role/x inline b", "444455556666 role/x inline a#Read"]}
    assert ask(control, "POST", "without", body) == (200, {"without": sorted(body["names"])})
    assert app.decider.without == frozenset(body["names"])
    ask(control, "POST", "without", {"names": []})
    assert app.decider.without == frozenset()


@pytest.mark.parametrize("body", [{}, {"names": "444455556666 role/x"}, {"names": [1]}])
def test_what_is_left_out_is_a_list_of_names(control: Control, app: FakeApp, body: Json) -> None:
    status, told = ask(control, "POST", "without", body)
    assert (status, told["error"]) == (
        400,
        "names is a list of policies and statements: POLICY or POLICY#SID",
    )
    assert app.decider.without == frozenset()


def test_settle_tells_what_still_runs(control: Control, app: FakeApp) -> None:
    app.journal.begin("a job")
    assert ask(control, "POST", "settle", {"timeout": 0.01})[1] == {"running": ["a job"]}


def test_down_ends_the_harness(control: Control, ended: threading.Event) -> None:
    assert ask(control, "POST", "down")[0] == 200
    assert ended.is_set()


@pytest.mark.parametrize(("method", "name"), [("GET", "nothing"), ("GET", "down"), ("POST", "status")])
def test_another_call_is_refused_by_name(control: Control, method: str, name: str) -> None:
    assert ask(control, method, name) == (404, {"error": f"no such call: {method} /_harness/{name}"})


def test_pages_in_a_browser_are_not_answered(control: Control) -> None:
    request = HttpRequest("POST", "/_harness/down", "", {"origin": "https://example.com"}, b"{}")
    assert control.handle(request).status == 403
