"""The harness's own calls, beside AWS's: what happened, what runs, what time it is. Under /_harness/ on the gateway."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from harness.app import App
from harness.journal import Record
from harness.model import HarnessError, HttpRequest, HttpResponse, Json

# The longest that a call waits before it answers with what there is (real s).
LONGEST_WAIT = 60.0
# How long a claim lasts that is not renewed (real s): so long is a harness not to be had after its user was killed.
CLAIM = 10.0
# Dates end with the year 9999; nobody means a time so far off, and no clock comes back from it.
LATEST = datetime(2999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class _Claim:
    name: str
    holder: str
    until: float  # of time.monotonic()


class Control:
    """`down` is called when somebody asks the harness to end."""

    def __init__(self, app: App, down: Callable[[], None]) -> None:
        self._app = app
        self._down = down
        self._firing = threading.Lock()
        self._claiming = threading.Lock()
        self._claimed = _Claim("", "", 0)
        self._routes: dict[tuple[str, str], Callable[[Json], Any]] = {
            ("GET", "status"): self._status,
            ("GET", "journal"): self._journal,
            ("GET", "inbox"): self._inbox,
            ("POST", "clock"): self._clock,
            ("POST", "settle"): self._settle,
            ("POST", "claim"): self._claim,
            ("POST", "release"): self._release,
            ("POST", "without"): self._without,
            ("POST", "down"): self._stop,
        }

    def handle(self, request: HttpRequest) -> HttpResponse:
        if "origin" in request.headers:
            # A page in a browser: whatever site it is of, it has no business with the clock or the policies.
            return _json(403, {"error": "no calls from browsers"})
        name = request.path.rsplit("/", 1)[-1]
        route = self._routes.get((request.method, name))
        if route is None:
            return _json(404, {"error": f"no such call: {request.method} {request.path}"})
        try:
            return _json(200, route(_params(request)))
        except (HarnessError, ValueError) as error:
            return _json(400, {"error": str(error)})

    def fire_due(self) -> None:
        """Fires what has fallen due by the flow of real time, unless somebody is moving the clock: who moves it
        fires, and waits for what comes of it."""
        if self._firing.acquire(blocking=False):
            try:
                self._app.fire_due()
            finally:
                self._firing.release()

    def _status(self, _: Json) -> Json:
        app = self._app
        return {
            "endpoint": app.endpoint,
            "clock": app.clock.now().isoformat(),
            "running": app.journal.running(),
            "records": app.journal.last(),
            "claimed_by": self._held().name,
            "folder": str(app.folder),
            "pid": os.getpid(),
            "iam": app.decider.mode,
            **asdict(app.engines),
        }

    def _journal(self, params: Json) -> list[Record]:
        """`after`: only records beyond this number; `kinds`, comma-separated; `wait`: for at most so many seconds
        until there is one."""
        after = int(params.get("after", 0))
        kinds = [k for k in str(params.get("kinds", "")).split(",") if k]
        wait = min(float(params.get("wait", 0)), LONGEST_WAIT)
        if wait:
            self._app.journal.wait(lambda r: not kinds or r["kind"] in kinds, timeout=wait, after=after)
        return self._app.journal.read(after, *kinds)

    def _inbox(self, _: Json) -> list[Json]:
        """Address by address, each one's first mail first."""
        files = sorted(self._app.inbox.glob("*/*.eml"), key=lambda f: (f.parent.name, _number(f)))
        return [{"to": f.parent.name, "path": str(f), "text": f.read_text()} for f in files]

    def _clock(self, params: Json) -> Json:
        """Moves the clock: `to` (ISO 8601) or `by` (seconds). Without either it only tells the time."""
        app = self._app
        still: list[str] = []
        if "to" in params or "by" in params:
            with self._firing:
                still = app.advance_to(_moment(params, app.clock.now()))
        return {"clock": app.clock.now().isoformat(), "running": still}

    def _settle(self, params: Json) -> Json:
        return {"running": self._app.journal.settle(min(float(params.get("timeout", 60)), 600))}

    def _claim(self, params: Json) -> Json:
        """One scenario at a time: they share the accounts and the clock. A claim ends after so many `seconds`, unless
        its holder claims again: whether that still runs cannot be seen from within a container."""
        name, holder = _needed(params, "name"), _needed(params, "holder")
        with self._claiming:
            held = self._held()
            if held.holder not in ("", holder):
                raise HarnessError(f"{held.name} is running on this harness; wait for its end")
            self._claimed = _Claim(name, holder, time.monotonic() + CLAIM)
        return {"claimed_by": name, "seconds": CLAIM}

    def _held(self) -> _Claim:
        return self._claimed if time.monotonic() < self._claimed.until else _Claim("", "", 0)

    def _release(self, params: Json) -> Json:
        with self._claiming:
            if self._held().holder == _needed(params, "holder"):
                self._claimed = _Claim("", "", 0)
        return {}

    def _without(self, params: Json) -> Json:
        """From now on these policies and statements (`POLICY`, `POLICY#SID`) are treated as if they were not there."""
        names = params.get("names")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise HarnessError("names is a list of policies and statements: POLICY or POLICY#SID")
        self._app.decider.without = frozenset(names)
        return {"without": sorted(self._app.decider.without)}

    def _stop(self, _: Json) -> Json:
        self._down()
        return {"stopping": True}


def _number(letter: Path) -> int:
    return int(letter.name.partition("-")[0])


def _params(request: HttpRequest) -> Json:
    """The query's parameters and the body's."""
    body = json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise HarnessError("the body has to be a JSON object")
    return {**dict(parse_qsl(request.query)), **body}


def _needed(params: Json, name: str) -> str:
    if name not in params:
        raise HarnessError(f"{name} is needed")
    return str(params[name])


def _moment(params: Json, now: datetime) -> datetime:
    """The time that `to` or `by` means."""
    try:
        if "to" in params:
            moment = datetime.fromisoformat(str(params["to"]))
        else:
            moment = now + timedelta(seconds=float(params["by"]))
    except OverflowError as error:
        raise HarnessError(f"the clock cannot go {params['by']} s ahead") from error
    if moment.tzinfo is None:
        raise HarnessError(f"{params['to']} has no time zone; write it as 2026-11-22T23:00:00Z")
    if moment < now:
        raise HarnessError(f"the clock cannot go back: it is {now:%Y-%m-%d %H:%M:%S} UTC already")
    if moment > LATEST:
        raise HarnessError(f"the clock goes no further than {LATEST:%Y-%m-%d}")
    return moment


def _json(status: int, body: Any) -> HttpResponse:
    return HttpResponse(status, {"content-type": "application/json"}, json.dumps(body, default=str).encode())
