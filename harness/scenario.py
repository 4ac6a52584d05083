"""What a scenario is told with: moments, their evidence, and expectations that explain themselves when they fail."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_string
from email.policy import default as default_policy
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from rich.console import Console
from rich.text import Text

from fake_accounts.accounts import load_accounts
from harness.client import Client
from harness.clock import next_time_of_day
from harness.explanation import explain
from harness.model import HarnessError, Json
from harness.stack import ROOT, Stack

SCENARIOS = ROOT / "scenarios"
_ENDED = ("Succeeded", "Failed", "Stopped")


class ExpectationFailed(AssertionError):
    """What was expected, what happened instead, and why: the text says all three."""

    def __init__(self, expected: str, instead: str, why: list[str]) -> None:
        self.expected, self.instead, self.why = expected, instead, why
        reasons = "\n          ".join(why) or "nothing in the journal explains it"
        super().__init__(f"expected: {expected}\ninstead:  {instead}\nwhy:      {reasons}")


@dataclass
class Telling:
    """Says what happens as it happens: for people, or one JSON object a line."""

    as_json: bool = False
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    count: int = 0
    title: str = ""

    def moment(self, title: str) -> None:
        self.count += 1
        self.title = title
        if self.as_json:
            self._json({"moment": self.count, "title": title})
        else:
            self.console.print(Text(f"\n{self.count:>2}. {title}", style="bold"))

    def line(self, text: str, style: str = "") -> None:
        if self.as_json:
            self._json({"evidence": text, "moment": self.count})
        else:
            self.console.print(Text(f"      {text}", style=style))

    def ended(self, seconds: float) -> None:
        if self.as_json:
            self._json({"moment": self.count, "seconds": round(seconds, 3)})
        else:
            self.console.print(Text(f"      ({seconds:.1f} s)", style="dim"))

    def result(
        self, name: str, failure: ExpectationFailed | None, seconds: float, refused: Sequence[Json] = ()
    ) -> None:
        """`refused`: the lessons of the calls that were."""
        if self.as_json:
            told: Json = {"scenario": name, "passed": not failure, "seconds": round(seconds, 3)}
            told["refused"] = list(refused)
            if failure:
                told |= {"moment": self.title, "expected": failure.expected}
                told |= {"instead": failure.instead, "why": failure.why}
            self._json(told)
        elif failure:
            self.console.print(Text(f"\n✗ {name} failed after {seconds:.1f} s\n{failure}", style="red"))
        else:
            self.console.print(Text(f"\n✓ {name}: {self.count} moments in {seconds:.1f} s", style="green"))

    def _json(self, record: Json) -> None:
        print(json.dumps(record), flush=True)


@dataclass(frozen=True)
class Execution:
    """An execution that has ended; `steps` as ListPipelineExecutionSteps gives them, the first first."""

    arn: str
    status: str
    reason: str
    steps: list[Json]

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def pipeline(self) -> str:
        return self.arn.rsplit("/", 3)[-3]

    def step(self, name: str) -> Json:
        """The step whose name begins so. Raises KeyError where it did not run."""
        for step in self.steps:
            if step["StepName"].startswith(name):
                return step
        raise KeyError(f"{name} did not run; these did: {', '.join(s['StepName'] for s in self.steps)}")

    @property
    def failed_step(self) -> Json | None:
        return next((s for s in self.steps if s["StepStatus"] == "Failed"), None)


def _read(mail: Json) -> Json:
    letter = message_from_string(mail["text"], policy=default_policy)
    return {**mail, "subject": str(letter["Subject"]), "text": letter.get_content()}


def boto_session(profile: str | None = None, keys: tuple[str, str, str] | None = None) -> Any:
    """A boto3 session. All share one loader, so that a service's model is read once and not for each session."""
    made = botocore.session.Session(profile=profile)
    if keys:
        made.set_credentials(*keys)
    made.register_component("data_loader", _LOADER)
    return boto3.Session(botocore_session=made)


_LOADER = botocore.loaders.create_loader()


class World:
    """A scenario's hands and eyes: sessions of the accounts, the clock, the journal, the inbox."""

    def __init__(self, stack: Stack, telling: Telling) -> None:
        self.stack = stack
        self.telling = telling
        # The journal's newest record when the scenario began, and when its present moment did.
        self.began = self._since = stack.client.status()["records"]
        self._sessions: dict[str, Any] = {}
        self._clients: dict[tuple[str, str], Any] = {}

    @cached_property
    def harness(self) -> Client:
        return self.stack.client

    def session(self, profile: str) -> Any:
        """A boto3 session by profile, as on AWS: an account's name is its administrator's; the others are those of
        infra/environments/profiles.json."""
        if profile not in self._sessions:
            self._sessions[profile] = self.fresh_session(profile)
        return self._sessions[profile]

    def fresh_session(self, profile: str) -> Any:
        """As `session`, without the temporary credentials that an earlier one may have."""
        return boto_session(profile=profile)

    def assumed(self, account: str, role: str, session_name: str) -> Any:
        """A boto3 session of a role of the account, assumed by its administrator."""
        arn = f"arn:aws:iam::{load_accounts()[account].id}:role/{role}"
        keys = self.client(account, "sts").assume_role(RoleArn=arn, RoleSessionName=session_name)[
            "Credentials"
        ]
        return boto_session(keys=(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]))

    def client(self, account: str, service: str) -> Any:
        """The administrator's client of a service; made once, because making one costs more than most calls."""
        key = (account, service)
        if key not in self._clients:
            self._clients[key] = self.session(account).client(service)
        return self._clients[key]

    @contextmanager
    def moment(self, title: str) -> Iterator[None]:
        began = time.monotonic()
        self._since = self.harness.status()["records"]
        self.telling.moment(title)
        yield
        self.telling.ended(time.monotonic() - began)

    def show(self, text: str) -> None:
        self.telling.line(text)

    def records(self, *kinds: str, **fields: Any) -> list[Json]:
        """The journal since the scenario began: these kinds, with these fields."""
        found = self.harness.journal(self.began, *kinds)
        return [r for r in found if all(r.get(k) == v for k, v in fields.items())]

    def refused(self, after: int | None = None) -> list[Json]:
        """The lessons of the calls that were refused since the scenario began, or after that record of the journal; see
        harness.access.denial."""
        calls = self.harness.journal(self.began if after is None else after, "call")
        return [call["denial"] for call in calls if call["decision"] == "denied"]

    def mails(self, *, earlier: bool = False) -> list[Json]:
        """The mails, the first first: `to`, `subject`, `text`, `path`; with `earlier` those from before, too."""
        since = self.harness.journal(0 if earlier else self.began, "mail")
        paths = {record["path"] for record in since}
        return [_read(mail) for mail in self.harness.inbox() if mail["path"] in paths]

    def advance_to(self, hour: int, minute: int = 0) -> datetime:
        """Moves the clock to the next such time of day (UTC), through every schedule on the way."""
        now = self.harness.now()
        moment = next_time_of_day(now, hour, minute)
        running = self.harness.advance_to(moment)
        self.expect(not running, "everything to settle while the clock moved", f"{running} still ran")
        self.show(f"the clock: {now:%Y-%m-%d %H:%M} -> {moment:%Y-%m-%d %H:%M} UTC")
        return moment

    def settle(self) -> None:
        running = self.harness.settle()
        self.expect(not running, "everything to come to rest", f"{', '.join(running)} still ran")

    def ended(self, account: str, arn: str) -> Execution:
        """Waits for an execution's end, showing its steps as they end."""
        seen = self.began
        while True:
            records = self.harness.journal(seen, "step", "execution", wait=30)
            for record in records:
                seen = record["n"]
                if record["kind"] == "step" and record["execution"] == arn and record["status"] in _ENDED:
                    self._show_step(record)
                if record["kind"] == "execution" and record["arn"] == arn and record["status"] in _ENDED:
                    return self.execution(account, arn)

    def _show_step(self, record: Json) -> None:
        style = "red" if record["status"] == "Failed" else ""
        reason = f": {record['reason']}" if record["reason"] else ""
        self.telling.line(f"{record['step']:<42} {record['status']}{reason}", style)

    def execution(self, account: str, arn: str) -> Execution:
        sagemaker = self.client(account, "sagemaker")
        told = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
        return Execution(
            arn,
            told["PipelineExecutionStatus"],
            told.get("FailureReason", ""),
            steps["PipelineExecutionSteps"],
        )

    def executions(self, account: str, pipeline: str) -> list[str]:
        """The ARNs of the pipeline's executions, the newest first."""
        sagemaker = self.client(account, "sagemaker")
        found = sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"]
        return [e["PipelineExecutionArn"] for e in found]

    # Expectations

    def expect(self, holds: Any, expected: str, instead: str, execution: Execution | None = None) -> None:
        """Raises ExpectationFailed where `holds` is false."""
        if not holds:
            raise ExpectationFailed(expected, instead, self.explain(execution))

    def expect_status(self, execution: Execution, status: str) -> None:
        self.expect(
            execution.status == status,
            f"execution {execution.id} of {execution.pipeline} to end {status}",
            f"it ended {execution.status} {execution.reason}".rstrip(),
            execution,
        )

    def explain(self, execution: Execution | None = None) -> list[str]:
        """What the journal knows of a failure in the present moment; where that is nothing, of all before it."""
        failed = execution.failed_step if execution else None
        try:
            return explain(self.harness.journal(self._since), failed) or explain(self.records(), failed)
        except HarnessError as error:
            return [str(error)]


def run(name: str, world: World) -> ExpectationFailed | None:
    """Runs a scenario to its end. Whatever ends it early is an expectation that failed, and is told as one."""
    try:
        load(name)(world)
    except ExpectationFailed as failure:
        return failure
    except Exception as error:  # noqa: BLE001 - what it is, and where, is told
        telling = world.telling
        moment = f"moment {telling.count} to go through: {telling.title}" if telling.count else "it to begin"
        return ExpectationFailed(
            moment, f"{type(error).__name__}: {error}", [*_where(error, find(name)), *world.explain()]
        )
    return None


def _where(error: Exception, file: Path) -> list[str]:
    """The last line of the scenario's own on the way to the error."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"at {file.name}:{f.lineno}: {f.line}" for f in frames if f.filename == str(file)][-1:]


def names() -> list[str]:
    """Every scenario there is."""
    return sorted(f.stem.replace("_", "-") for f in SCENARIOS.glob("*.py") if _has_scenario(f))


def find(name: str) -> Path:
    """The file of one of `names`, or the file of that name. Raises HarnessError for an unknown one."""
    if name.endswith(".py"):
        file = Path(name).resolve()
        if not file.is_file():
            raise HarnessError(f"there is no file {name}")
        if not _has_scenario(file):
            raise HarnessError(f"{name} has no function scenario_{file.stem}(world)")
        return file
    if name not in names():
        raise HarnessError(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    return SCENARIOS / f"{name.replace('-', '_')}.py"


def _has_scenario(file: Path) -> bool:
    try:
        return f"def scenario_{file.stem}(" in file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise HarnessError(f"{file} is not UTF-8 text") from error


def load(name: str) -> Callable[[World], None]:
    """The scenario's function. Raises HarnessError for an unknown one."""
    file = find(name)
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    spec = importlib.util.spec_from_file_location(f"scenario_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[[World], None] = getattr(module, f"scenario_{file.stem}")
    return function


def title(name: str) -> str:
    """The scenario's first line of documentation; its name where it has none that can be read."""
    with contextlib.suppress(SyntaxError):
        return (ast.get_docstring(ast.parse(find(name).read_text())) or name).partition("\n")[0]
    return name
