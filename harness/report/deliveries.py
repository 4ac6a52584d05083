"""Events, and what rules made of them."""

from __future__ import annotations

import json
from collections import Counter

from harness.model import Json
from harness.report.facts import Delivery, EventCount, Happening, Mail, Run
from harness.report.runs import time_of

Happenings = dict[str, tuple[int, Happening]]  # by an event's id: its record's number, and the event


def happenings_of(events: list[Json], runs: list[Run]) -> Happenings:
    numbers = {run.arn: run.number for run in runs}
    found = {}
    for record in events:
        event = record["event"]
        found[event["id"]] = (
            record["n"],
            Happening(
                id=event["id"],
                time=time_of(record),
                account=event["account"],
                source=event["source"],
                type=event["detail-type"],
                status=_status(event),
                run=numbers.get(event["detail"].get("pipelineExecutionArn", "")),
                text=json.dumps(event, indent=2, ensure_ascii=False),
            ),
        )
    return found


def _status(event: Json) -> str:
    """The status that an event tells, by whichever name its kind has for it."""
    detail = event["detail"]
    names = ("currentPipelineExecutionStatus", "currentStepStatus", "ModelApprovalStatus")
    named = next((detail[name] for name in names if name in detail), None)
    jobs = (value for key, value in detail.items() if key.endswith("JobStatus"))
    return str(named or next(jobs, ""))


def deliveries_of(
    records: list[Json], events: Happenings, runs: list[Run], mails: tuple[Mail, ...]
) -> list[Delivery]:
    """A delivery started the oldest run of its pipeline that began between its event and its own record.

    The journal does not say so; two rules that start one pipeline in the same few milliseconds may change places.
    """
    claimed: set[int] = set()
    found = []
    for record in records:
        since, event = events.get(record["event"], (record["n"], None))
        between = range(since, record["n"])
        target = record["target"]
        run = next(
            (
                r.number
                for r in runs
                if r.n in between and r.number not in claimed and r.arn.startswith(f"{target}/execution/")
            ),
            None,
        )
        claimed |= {run} if run else set()
        found.append(
            Delivery(
                n=record["n"],
                time=time_of(record),
                account=record["account"],
                rule=record["rule"],
                target=target,
                status=record["status"],
                reason=record["reason"],
                event=event,
                run=run,
                mails=tuple(m for m in mails if m.topic == target and m.n in between),
            )
        )
    return found


def counts_of(events: list[Json], deliveries: list[Delivery]) -> list[EventCount]:
    made = Counter(d.event.id for d in deliveries if d.event)
    counts: dict[tuple[str, str, str], list[int]] = {}
    for record in events:
        event = record["event"]
        count = counts.setdefault((event["detail-type"], event["account"], _status(event)), [0, 0])
        count[0] += 1
        count[1] += made[event["id"]]
    return [EventCount(*key, *count) for key, count in sorted(counts.items())]
