"""Stand-in for AWS Lambda's Python runtime: one invocation of one function.

`program.py <invocation> <answer>`. The invocation file holds what the runtime API's headers and body would:
requestId, deadlineMs, functionArn, payload. Everything else comes from the variables that Lambda sets. The
answer file gets {"payload": ..., "failed": ...}; there is none when the function ends its process.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

Handler = Callable[[Any, "Context"], Any]


class Failure(Exception):
    """The invocation fails with one of the runtime's own errors."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace or []


class Context:
    """The handler's second argument."""

    identity = None
    client_context = None

    def __init__(self, invocation: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self.aws_request_id: str = invocation["requestId"]
        self.invoked_function_arn: str = invocation["functionArn"]
        self.function_name = environment["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environment["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = environment["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline: float = invocation["deadlineMs"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self._deadline - time.time() * 1000))

    def log(self, message: object) -> None:
        sys.stdout.write(str(message))


class RequestIdFilter(logging.Filter):
    def __init__(self, request_id: str) -> None:
        super().__init__()
        self._request_id = request_id

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self._request_id
        return True


def set_up_logging(request_id: str) -> None:
    """The root logger's handler, which functions rely on: they only set a level."""
    handler = logging.StreamHandler(sys.stdout)
    form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    formatter = logging.Formatter(form, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(RequestIdFilter(request_id))
    logging.getLogger().addHandler(handler)


def load(name: str, task_root: str) -> Handler:
    """The function that `module.function` names, in the task's folder."""
    module_name, _, function = name.rpartition(".")
    if not module_name:
        raise Failure(
            "Runtime.MalformedHandlerName",
            f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)",
        )
    sys.path[0] = task_root
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Failure(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        raise Failure(
            "Runtime.UserCodeSyntaxError",
            f"Syntax error in module '{module_name}': {error}",
            [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'],
        ) from error
    handler: Handler | None = getattr(module, function, None)
    if handler is None:
        raise Failure("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return handler


def invoke(invocation: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    handler = load(environment["_HANDLER"], environment["LAMBDA_TASK_ROOT"])
    result = handler(json.loads(invocation["payload"]), Context(invocation, environment))
    try:
        return json.dumps(result, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise Failure("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def failure_of(error: Exception) -> Failure:
    """What a handler's exception is for the caller, without this program's own frames."""
    if isinstance(error, Failure):
        return error
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return Failure(type(error).__name__, str(error), traceback.format_list(frames))


def main(invocation_file: str, answer_file: str) -> None:
    invocation = json.loads(Path(invocation_file).read_text())
    sys.argv = [""]
    request_id = invocation["requestId"]
    set_up_logging(request_id)
    try:
        answer = {"payload": invoke(invocation, os.environ), "failed": False}
    except Exception as error:  # noqa: BLE001 - a handler may raise anything, and the caller is told
        failure = failure_of(error)
        print(f"[ERROR] {failure.kind}: {failure.message}")
        if failure.trace:
            print("Traceback (most recent call last):\n" + "".join(failure.trace), end="")
        payload = {
            "errorMessage": failure.message,
            "errorType": failure.kind,
            "requestId": request_id,
            "stackTrace": failure.trace,
        }
        answer = {"payload": json.dumps(payload), "failed": True}
    Path(answer_file).write_text(json.dumps(answer))
    leave()


def leave() -> NoReturn:
    """At once: Lambda freezes a function that has answered, with whatever threads it left running."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
