"""What a report tells, as plain data: collected from the journal's records, shown by the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Step:
    """A step of a run. `facts` are its metadata, flat; `log` is the tail its job or function left, told by `log_of`."""

    name: str
    type: str
    status: str
    reason: str
    began: datetime
    ended: datetime | None
    facts: tuple[tuple[str, str], ...] = ()
    log_of: str = ""
    log: tuple[str, ...] = ()
    job_reason: str = ""


@dataclass(frozen=True)
class Run:
    """An execution of a pipeline. `number` counts them in the order they began; `by` is who started it."""

    number: int
    n: int
    arn: str
    pipeline: str
    account: str
    status: str
    reason: str
    began: datetime
    ended: datetime | None
    steps: tuple[Step, ...] = ()
    by: str = ""


@dataclass(frozen=True)
class Mail:
    n: int
    time: datetime
    to: str
    subject: str
    topic: str
    account: str


@dataclass(frozen=True)
class Happening:
    """An event that a rule matched, and what it was about: a run's number where a run sent it."""

    id: str
    time: datetime
    account: str
    source: str
    type: str
    status: str
    run: int | None
    text: str

    @property
    def is_schedule(self) -> bool:
        return self.type == "Scheduled Event"


@dataclass(frozen=True)
class Delivery:
    """An event on its way to one target of a rule, and what came of it: a run's number, mails."""

    n: int
    time: datetime
    account: str
    rule: str
    target: str
    status: str
    reason: str
    event: Happening | None
    run: int | None = None
    mails: tuple[Mail, ...] = ()


@dataclass(frozen=True)
class EventCount:
    """How many events of a kind there were, and how many deliveries rules made of them."""

    type: str
    account: str
    status: str
    count: int
    deliveries: int


@dataclass(frozen=True)
class Change:
    n: int
    time: datetime
    status: str
    by: str


@dataclass(frozen=True)
class Version:
    """A model package: what became of it, which run registered it, and which named it afterwards."""

    arn: str
    account: str
    changes: tuple[Change, ...]
    registered_by: int | None
    used_by: tuple[int, ...]

    @property
    def name(self) -> str:
        return self.arn.split("/", 1)[-1]

    @property
    def label(self) -> str:
        return f"v{self.name.rsplit('/', 1)[-1]}"


@dataclass(frozen=True)
class Invocation:
    n: int
    time: datetime
    function: str
    account: str
    status: str
    reason: str
    log: tuple[str, ...]


@dataclass(frozen=True)
class Lesson:
    """Why calls were denied. `policies` are (name, says, why); `changes` (where, what, the statement as JSON text)."""

    action: str
    resource: str
    why: str
    cause: str
    policies: tuple[tuple[str, str, str], ...]
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Refusal:
    """Calls that were answered with the same error, or that would have been denied: those may have gone well."""

    time: datetime
    status: int
    account: str
    principal: str
    service: str
    operation: str
    error: str
    decision: str
    count: int
    lesson: Lesson | None = None

    @property
    def denied(self) -> bool:
        """Whether permissions are the reason, or the credentials (403 without a lesson)."""
        return self.lesson is not None or self.status == 403

    @property
    def passed(self) -> bool:
        """Whether it was let pass: permissions were only audited."""
        return self.decision == "would be denied"


@dataclass(frozen=True)
class Tally:
    """How often each principal called each service: `counts[principal][service]` is (calls, of them errors)."""

    services: tuple[str, ...]
    counts: dict[tuple[str, str], dict[str, tuple[int, int]]]

    @property
    def total(self) -> int:
        return sum(calls for row in self.counts.values() for calls, _ in row.values())


@dataclass(frozen=True)
class Story:
    """Everything that a report tells."""

    began: datetime | None
    ended: datetime | None
    runs: tuple[Run, ...]
    versions: tuple[Version, ...]
    deliveries: tuple[Delivery, ...]
    events: tuple[EventCount, ...]
    invocations: tuple[Invocation, ...]
    mails: tuple[Mail, ...]
    refusals: tuple[Refusal, ...]
    tally: Tally
    jumps: tuple[datetime, ...]
