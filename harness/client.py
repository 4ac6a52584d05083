"""How the CLI and scenarios talk to a running gateway's control calls."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener
from uuid import uuid4

from harness.model import CONTROL, HarnessError, Json

# No proxy of the user's stands between this machine and itself.
_OPENER = build_opener(ProxyHandler({}))
# Real seconds: a clock that passes many schedules takes its time, everything else answers soon.
_PATIENCE = 900
_STATUS_PATIENCE = 30


class Client:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def status(self) -> Json:
        told = self._call("GET", "status", timeout=_STATUS_PATIENCE)
        if not (isinstance(told, dict) and told.keys() >= {"folder", "pid"}):
            raise HarnessError(f"what answers at {self.endpoint} is no harness")
        return told

    def answers(self) -> bool:
        with suppress(HarnessError):
            return bool(self.status())
        return False

    def journal(self, after: int = 0, *kinds: str, wait: float = 0) -> list[Json]:
        """Records after that number, of these kinds; waits up to `wait` s until there is one."""
        return list(self._call("GET", "journal", after=after, kinds=",".join(kinds), wait=wait))

    def inbox(self) -> list[Json]:
        """Every mail, each address's first one first: `to`, `path` of its .eml file, `text`."""
        return list(self._call("GET", "inbox"))

    def now(self) -> datetime:
        return datetime.fromisoformat(self._call("POST", "clock")["clock"])

    def advance_to(self, moment: datetime) -> list[str]:
        """Moves the clock on, through every schedule on the way. Answers what still ran at a time-out."""
        return list(self._call("POST", "clock", body={"to": moment.isoformat()})["running"])

    def settle(self, timeout: float = 300) -> list[str]:
        """Returns when nothing runs and nothing is undelivered; else what still does after `timeout` s."""
        return list(self._call("POST", "settle", body={"timeout": timeout})["running"])

    @contextmanager
    def claimed(self, name: str) -> Iterator[None]:
        """The harness to ourselves: scenarios share accounts and clock. Raises HarnessError where somebody has it."""
        claim = {"name": f"{name} (process {os.getpid()})", "holder": uuid4().hex}
        lasts = float(self._call("POST", "claim", body=claim)["seconds"])
        done, lost = threading.Event(), list[HarnessError]()
        renewing = threading.Thread(target=self._renew, args=(claim, lasts / 4, done, lost), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            done.set()
            renewing.join()  # else it could claim again what we release
            with suppress(HarnessError):
                self._call("POST", "release", body=claim)
        if lost:
            raise HarnessError(f"the harness was not this process's alone, which has been held up: {lost[0]}")

    def _renew(self, claim: Json, every: float, done: threading.Event, lost: list[HarnessError]) -> None:
        while not (lost or done.wait(every)):
            try:
                self._call("POST", "claim", body=claim, timeout=every)
            except HarnessError as error:
                if isinstance(
                    error.__cause__, HTTPError
                ):  # somebody else has it; else it does not answer, for now
                    lost.append(error)

    def without(self, names: Iterable[str]) -> None:
        """From now on these policies and statements (`POLICY`, `POLICY#SID`) are treated as if they were not there."""
        self._call("POST", "without", body={"names": list(names)})

    def down(self) -> None:
        self._call("POST", "down")

    def _call(
        self, method: str, name: str, body: Json | None = None, timeout: float = _PATIENCE, **query: Any
    ) -> Any:
        """Raises HarnessError: what the harness says of a mistake, or that it does not answer."""
        url = f"{self.endpoint}{CONTROL}{name}" + (f"?{urlencode(query)}" if query else "")
        data = json.dumps(body or {}).encode() if method == "POST" else None
        try:
            with _OPENER.open(Request(url, data=data, method=method), timeout=timeout) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise HarnessError(self._complaint(error)) from error
        except TimeoutError as error:
            raise HarnessError(
                f"the harness at {self.endpoint} has not answered for {timeout:g} s"
            ) from error
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise HarnessError(f"no harness answers at {self.endpoint}: {reason}") from error

    def _complaint(self, error: HTTPError) -> str:
        """What a harness says of a mistake; others say other things, such as a page."""
        with suppress(ValueError, TypeError, KeyError):
            return str(json.load(error)["error"])
        return f"what answers at {self.endpoint} is no harness: {error}"
