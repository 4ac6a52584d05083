"""Runs and their steps, from the records of executions, steps, jobs and functions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from harness.model import Json
from harness.report.facts import Invocation, Run, Step

_ENDED = ("Succeeded", "Failed", "Stopped")
Kinds = dict[str, list[Json]]  # records by their kind


def time_of(record: Json) -> datetime:
    return datetime.fromisoformat(record["time"])


def runs_of(kinds: Kinds, invocations: tuple[Invocation, ...]) -> list[Run]:
    executions: dict[str, list[Json]] = {}
    for record in kinds.get("execution", []):
        executions.setdefault(record["arn"], []).append(record)
    steps: dict[str, dict[str, list[Json]]] = {}
    for record in kinds.get("step", []):
        steps.setdefault(record["execution"], {}).setdefault(record["step"], []).append(record)
    jobs = {r["arn"]: r for r in kinds.get("job", [])}  # a job's last record has its log
    return [
        _run(number, records, tuple(_step(one, jobs, invocations) for one in steps.get(arn, {}).values()))
        for number, (arn, records) in enumerate(executions.items(), start=1)
    ]


def _run(number: int, records: list[Json], steps: tuple[Step, ...]) -> Run:
    first, last = records[0], records[-1]
    return Run(
        number=number,
        n=first["n"],
        arn=last["arn"],
        pipeline=last["pipeline"],
        account=last["account"],
        status=last["status"],
        reason=last["reason"],
        began=time_of(first),
        ended=time_of(last) if last["status"] in _ENDED else None,
        steps=steps,
    )


def _step(records: list[Json], jobs: dict[str, Json], invocations: tuple[Invocation, ...]) -> Step:
    first, last = records[0], records[-1]
    facts = tuple(_flat(last.get("metadata") or {}))
    named = {value for _, value in facts}
    job = next((jobs[arn] for arn in named if arn in jobs), None)
    call = next((i for i in invocations if i.function in named and first["n"] < i.n < last["n"]), None)
    return Step(
        name=last["step"],
        type=last["type"],
        status=last["status"],
        reason=last["reason"],
        began=time_of(first),
        ended=time_of(last) if last["status"] in _ENDED else None,
        facts=facts,
        log_of=job["arn"] if job else call.function if call else "",
        log=tuple(job["log_tail"]) if job else call.log if call else (),
        job_reason=job["reason"] if job else "",
    )


def _flat(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """A step's metadata as lines: `TrainingJob.Arn`, and output parameters by their own names."""
    if isinstance(value, dict) and set(value) == {"Name", "Value"}:
        yield f"{name}.{value['Name']}", str(value["Value"])
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, name)
    elif value not in (None, ""):
        yield name, str(value)
