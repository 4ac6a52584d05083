"""Why something went wrong, from the journal: the failed step, denials, jobs' last lines, lost events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from harness.access.denial import distinct, lines
from harness.model import Json

_LESSONS = 3
_EXECUTION_EVENT = "SageMaker Model Building Pipeline Execution Status Change"


def explain(records: list[Json], failed_step: Json | None = None) -> list[str]:
    """`failed_step` is as ListPipelineExecutionSteps gives it; without one every failed job is told of."""
    told: list[str] = []
    if failed_step:
        told.append(f"step {failed_step['StepName']} failed: {failed_step.get('FailureReason', '')}")
    told += denials(records, most=_LESSONS)
    for record in records:
        tell = _TELLERS.get(record["kind"])
        told += tell(record, failed_step) if tell else ()
    return [*told, *_unheard(records)]


def denials(records: list[Json], most: int | None = None) -> Iterator[str]:
    """The lessons of calls that were denied, or would be, each once, with its first time and its count; of more than
    `most`, the latest."""
    found = distinct(records)
    earlier = 0 if most is None else max(0, len(found) - most)
    if earlier:
        yield f"{earlier} earlier denials: `harness denials` and the report have them"
    for record, count in found[earlier:]:
        first, *why = lines(record["denial"], record["decision"])
        often = f"{count} times since " if count > 1 else ""
        yield f"{first} ({often}{datetime.fromisoformat(record['time']):%Y-%m-%d %H:%M:%S})"
        yield from why


def _job(record: Json, failed_step: Json | None) -> Iterator[str]:
    """Every failed job, or the failed step's own: a monitor's job completes, its violations fail the step."""
    made = (failed_step or {}).get("Metadata", {}).values()
    jobs = {m.get("Arn") or m.get("CheckJobArn") for m in made}
    shown = ("Failed",) if failed_step is None else ("Failed", "Completed", "Stopped")
    if record["status"] in shown and (failed_step is None or record["arn"] in jobs):
        yield f"job {record['arn'].rsplit('/', 1)[-1]}: {record['reason'] or record['status']}"
        yield from (f"    {line}" for line in record["log_tail"])


def _invocation(record: Json, _: Json | None) -> Iterator[str]:
    if record["status"] != "Succeeded":
        yield f"function {record['function']}: {record['reason']}"


def _delivery(record: Json, _: Json | None) -> Iterator[str]:
    if record["status"] == "failed":
        yield f"rule {record['rule']} could not reach {record['target']}: {record['reason']}"


_TELLERS = {"job": _job, "invoke": _invocation, "delivery": _delivery}


def _unheard(records: list[Json]) -> Iterator[str]:
    """Ends of executions that failed, and that no rule did anything about."""
    delivered = {r["event"] for r in records if r["kind"] == "delivery"}
    for record in records:
        event = record["event"] if record["kind"] == "event" else {}
        if event.get("detail-type") != _EXECUTION_EVENT or event["id"] in delivered:
            continue
        detail = event["detail"]
        if detail["currentPipelineExecutionStatus"] == "Failed":
            pipeline = detail["pipelineArn"].rsplit("/", 1)[-1]
            yield f"event: {pipeline} Failed, in {event['account']}: it matched no rule there"
