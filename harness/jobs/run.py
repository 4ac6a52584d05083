"""Runs a job from its request to its end."""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.jobs.contract import Job, JobFailed, JobStopped, Workshop
from harness.jobs.processing import run_processing
from harness.jobs.training import run_training
from harness.jobs.transform import run_transform
from harness.model import Caller, HarnessError, JobResult, JobSpec, Stop

KINDS: dict[str, Callable[[Job], JobResult]] = {
    "processing": run_processing,
    "training": run_training,
    "transform": run_transform,
}
TAIL = 20
LONGEST_REASON = 1024  # AWS's own limit for FailureReason and ExitMessage


def run_job(
    workshop: Workshop, spec: JobSpec, caller: Caller, stop: Stop, log: Callable[[str], None]
) -> JobResult:
    """Answers how the job ended, whatever went wrong with it. Its folder is gone afterwards.

    `log` gets each line as the program writes it.
    """
    tail: deque[str] = deque(maxlen=TAIL)

    def keep(line: str) -> None:
        tail.append(line)
        log(line)

    started = workshop.clock.now()
    root = Path(tempfile.mkdtemp(prefix=f"{spec.name}-", dir=workshop.workdir))
    try:
        result = KINDS[spec.kind](Job(spec, caller, workshop, root, stop, keep))
    except JobFailed as failure:
        result = JobResult(
            "Failed", failure.reason, exit_code=failure.exit_code, exit_message=failure.exit_message
        )
    except JobStopped:
        result = JobResult("Stopped")
    except HarnessError as error:
        result = JobResult("Failed", f"InternalServerError: {error}")
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return replace(
        result,
        failure_reason=result.failure_reason[:LONGEST_REASON],
        exit_message=result.exit_message[:LONGEST_REASON],
        log_tail=tuple(tail),
        started=started,
        ended=workshop.clock.now(),
    )
