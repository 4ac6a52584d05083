"""Long polls for botocore's waiters, which sleep between two Describes: 30 s for an execution, 60 s for a job.

A waiter says in its User-Agent that it is one. Its Describe is answered when what it waits for has ended, or after
a while with what is true then: the answer is always one that the service gives at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.journal import Journal, Record
from harness.model import ApiCall, HttpRequest, Json

# In real s. botocore's default read timeout is 60.
LONGEST = 20.0
# The features that a botocore client used for a request are a list, `m/F,B,N`; B is a waiter (botocore/useragent.py).
_FEATURES = re.compile(r"(?:^|\s)m/(\S+)")
_WAITER = "B"
_ENDED = frozenset({"Succeeded", "Completed", "Failed", "Stopped"})


@dataclass(frozen=True)
class _Watched:
    """What a Describe tells of: the members with its ARN and its status, and the kind of its journal records."""

    arn: str
    status: str
    kind: str


_DESCRIBES = {
    "DescribePipelineExecution": _Watched("PipelineExecutionArn", "PipelineExecutionStatus", "execution"),
    "DescribeProcessingJob": _Watched("ProcessingJobArn", "ProcessingJobStatus", "job"),
    "DescribeTrainingJob": _Watched("TrainingJobArn", "TrainingJobStatus", "job"),
    "DescribeTransformJob": _Watched("TransformJobArn", "TransformJobStatus", "job"),
}


def hold(
    request: HttpRequest,
    call: ApiCall,
    journal: Journal,
    describe: Callable[[], Json],
    longest: float = LONGEST,
) -> Json:
    """`describe`'s answer: at once, or for a waiter's call when what it describes has ended."""
    watched = _DESCRIBES.get(call.operation)
    if watched is None or not _from_waiter(request):
        return describe()
    before = journal.last()
    answer = describe()
    if answer.get(watched.status) in _ENDED:
        return answer
    arn = answer[watched.arn]

    def ended(record: Record) -> bool:
        return record["kind"] == watched.kind and record["arn"] == arn and record["status"] in _ENDED

    journal.wait(ended, longest, after=before)
    return describe()


def _from_waiter(request: HttpRequest) -> bool:
    used = _FEATURES.search(request.headers.get("user-agent", ""))
    return used is not None and _WAITER in used[1].split(",")
