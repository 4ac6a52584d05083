"""Runs a function: one process per invocation, its output to CloudWatch Logs."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import ClientError

from harness.clock import Clock
from harness.jobs.contract import aws_environment
from harness.journal import Journal
from harness.model import Caller, ContainerResult, ContainerSpec, HarnessError, Json, Runner, Wire
from harness.services.functions.store import Function, Reference

# The folders of a function's container: its code, as on AWS, and what it is asked and answers.
TASK = "/var/task"
INVOCATION = "/invocation"
TAIL = 20
# AWS tries an asynchronous invocation three times, minutes apart; here the times follow each other at once.
ASYNCHRONOUS_ATTEMPTS = 3


@dataclass(frozen=True)
class Outcome:
    """What came of an invocation. `error` is empty or FunctionError's `Unhandled`."""

    payload: bytes
    error: str
    log: list[str]


@dataclass
class Invocation:
    """One invocation under way."""

    function: Function
    caller: Caller
    payload: bytes
    request_id: str
    lines: list[str] = field(default_factory=list)


class Invoker:
    """Invokes functions as their roles."""

    def __init__(self, wire: Wire, runner: Runner, journal: Journal, clock: Clock, workdir: Path) -> None:
        self._wire = wire
        self._runner = runner
        self._journal = journal
        self._clock = clock
        self._workdir = workdir

    def caller(self, function: Reference, role: str) -> Caller:
        """A session of the function's role. AwsError where the role does not trust Lambda."""
        return self._wire.as_role(role, "lambda.amazonaws.com", function.name, function.region, function.arn)

    def invoke(self, function: Function, payload: bytes) -> Outcome:
        with self._journal.activity(f"lambda {function.arn}"):
            return self._invoke(function, payload, str(uuid.uuid4()))

    def invoke_later(
        self, function: Function, payload: bytes, start: Callable[[Callable[[], None]], None]
    ) -> None:
        """Asynchronously, by `start`; a failure is tried again."""
        activity = f"lambda {function.arn}"
        self._journal.begin(activity)

        def run() -> None:
            try:
                request_id = str(uuid.uuid4())
                for _ in range(ASYNCHRONOUS_ATTEMPTS):
                    if not self._invoke(function, payload, request_id).error:
                        break
            finally:
                self._journal.end(activity)

        start(run)

    def _invoke(self, function: Function, payload: bytes, request_id: str) -> Outcome:
        reference = function.reference
        caller = self.caller(reference, function.settings["Role"])
        invocation = Invocation(function, caller, payload, request_id)
        begun = time.monotonic()
        invocation.lines.append(f"START RequestId: {request_id} Version: {function.version}")
        folder = Path(tempfile.mkdtemp(prefix="invocation-", dir=self._workdir))
        try:
            result = self._run(invocation, folder)
            answer, failed = self._answer(invocation, folder, result)
        except HarnessError as error:
            answer, failed = _failure(invocation, "Runtime.HarnessError", str(error)), True
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        milliseconds = (time.monotonic() - begun) * 1000
        invocation.lines.append(f"END RequestId: {request_id}")
        invocation.lines.append(_report(invocation, milliseconds))
        self._write_log(invocation)
        self._journal.write(
            "invoke",
            function=function.arn,
            account=reference.account,
            status="Failed" if failed else "Succeeded",
            reason=json.loads(answer)["errorMessage"] if failed else "",
            log_tail=invocation.lines[-TAIL:],
        )
        return Outcome(answer, "Unhandled" if failed else "", invocation.lines)

    def _run(self, invocation: Invocation, folder: Path) -> ContainerResult:
        function = invocation.function
        timeout: int = function.settings["Timeout"]
        call = {
            "requestId": invocation.request_id,
            "functionArn": function.arn,
            "deadlineMs": (time.time() + timeout) * 1000,
            "payload": invocation.payload.decode(),
        }
        (folder / "invocation.json").write_text(json.dumps(call))
        task = self._runner.place(function.code.folder, TASK)
        return self._runner.start(
            ContainerSpec(
                name=function.reference.name,
                command=tuple(
                    f"{self._runner.place(folder, INVOCATION)}/{name}.json"
                    for name in ("invocation", "answer")
                ),
                environment=self._environment(invocation, task),
                root=None,
                log=invocation.lines.append,
                image=f"public.ecr.aws/lambda/python:{function.settings['Runtime'].removeprefix('python')}",
                purpose="function",
                timeout=timeout,
                folders={TASK: function.code.folder, INVOCATION: folder},
                read_only=(TASK,),
                cwd=task,
            )
        ).wait()

    def _environment(self, invocation: Invocation, task: str) -> dict[str, str]:
        function, settings = invocation.function, invocation.function.settings
        own = settings.get("Environment", {}).get("Variables", {})
        return {
            **aws_environment(own, invocation.caller, self._wire.endpoint, function.reference.region),
            "_HANDLER": settings["Handler"],
            "LAMBDA_TASK_ROOT": task,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": function.reference.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": function.log_stream,
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
        }

    def _answer(self, invocation: Invocation, folder: Path, result: ContainerResult) -> tuple[bytes, bool]:
        """The payload, and whether the function failed."""
        if result.timed_out:
            seconds = f"{invocation.function.settings['Timeout']:.2f}"
            stamp = f"{self._clock.now():%Y-%m-%dT%H:%M:%S}.{self._clock.now().microsecond // 1000:03d}Z"
            message = f"{stamp} {invocation.request_id} Task timed out after {seconds} seconds"
            invocation.lines.append(message)
            return json.dumps({"errorMessage": message}).encode(), True
        try:
            answer: Json = json.loads((folder / "answer.json").read_text())
        except FileNotFoundError:
            return _failure(invocation, "Runtime.ExitError", _exit(invocation.request_id, result)), True
        return answer["payload"].encode(), answer["failed"]

    def _write_log(self, invocation: Invocation) -> None:
        """Under the function's role. Without permission there is no log, and the function does not notice."""
        function = invocation.function
        stamp = int(self._clock.now().timestamp() * 1000)
        where = {"logGroupName": function.log_group, "logStreamName": function.log_stream}
        events = [{"timestamp": stamp, "message": line} for line in invocation.lines if line]
        try:
            logs = invocation.caller.client("logs")
            try:
                logs.put_log_events(**where, logEvents=events)
            except logs.exceptions.ResourceNotFoundException:
                with suppress(logs.exceptions.ResourceAlreadyExistsException):
                    logs.create_log_group(logGroupName=function.log_group)
                logs.create_log_stream(**where)
                logs.put_log_events(**where, logEvents=events)
        except ClientError:
            return


def _failure(invocation: Invocation, kind: str, message: str) -> bytes:
    invocation.lines.append(message)
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _exit(request_id: str, result: ContainerResult) -> str:
    code = result.exit_code
    how = f"signal: {-code}" if code < 0 else f"exit status {code}"
    reason = "without providing a reason" if code == 0 else f"with error: {how}"
    return f"RequestId: {request_id} Error: Runtime exited {reason}"


def _report(invocation: Invocation, milliseconds: float) -> str:
    memory = invocation.function.settings["MemorySize"]
    # Memory is not measured.
    return (
        f"REPORT RequestId: {invocation.request_id}\tDuration: {milliseconds:.2f} ms\t"
        f"Billed Duration: {math.ceil(milliseconds)} ms\tMemory Size: {memory} MB\t"
    )
