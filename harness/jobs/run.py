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
from harness.model import Caller, HarnessError, ImageNotFound, JobResult, JobSpec, Stop

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
    result = _result(workshop, spec, caller, stop, keep)
    return replace(
        result,
        failure_reason=result.failure_reason[:LONGEST_REASON],
        exit_message=result.exit_message[:LONGEST_REASON],
        log_tail=tuple(tail),
        started=started,
        ended=workshop.clock.now(),
    )


def _result(
    workshop: Workshop, spec: JobSpec, caller: Caller, stop: Stop, log: Callable[[str], None]
) -> JobResult:
    try:
        return _in_a_folder(workshop, spec, caller, stop, log)
    except JobFailed as failure:
        return JobResult(
            "Failed", failure.reason, exit_code=failure.exit_code, exit_message=failure.exit_message
        )
    except JobStopped:
        return JobResult("Stopped")
    except ImageNotFound as error:
        return JobResult("Failed", f"ClientError: {error}")
    except HarnessError as error:
        return JobResult("Failed", f"InternalServerError: {error}")
    except OSError as error:  # the disk is full, mostly
        place = error.filename or workshop.workdir
        return JobResult("Failed", f"InternalServerError: {error.strerror or error}: {place}")


def _in_a_folder(
    workshop: Workshop, spec: JobSpec, caller: Caller, stop: Stop, log: Callable[[str], None]
) -> JobResult:
    root = Path(tempfile.mkdtemp(prefix=f"{spec.name}-", dir=workshop.workdir))
    try:
        return KINDS[spec.kind](Job(spec, caller, workshop, root, stop, log))
    finally:
        shutil.rmtree(root, ignore_errors=True)
