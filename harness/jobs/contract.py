"""What all jobs share of SageMaker's container contract: their folder, their environment, their end."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from harness.clock import Clock
from harness.jobs.s3data import Data, DataError, inside
from harness.model import (
    Caller,
    Container,
    ContainerResult,
    ContainerSpec,
    JobSpec,
    Json,
    Runner,
    Stop,
)

OPT_ML = "/opt/ml/"
_ELSEWHERE = re.compile(
    r"AWS_(ENDPOINT_URL.*|IGNORE_CONFIGURED_ENDPOINT_URLS|(DEFAULT_)?PROFILE|CONTAINER_.*|WEB_IDENTITY_.*|ROLE_.*)"
)
HOST = "algo-1"


class JobFailed(Exception):
    """The job fails; the text is its FailureReason."""

    def __init__(self, reason: str, exit_code: int = 0, exit_message: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.exit_code = exit_code
        self.exit_message = exit_message


class JobStopped(Exception):
    """Somebody asked the job to stop, and it did."""


def unsupported(what: str) -> NoReturn:
    """Ends a job that asks for what the harness can't do, rather than doing something else."""
    raise JobFailed(f"ClientError: The harness does not support {what} yet")


@dataclass(frozen=True)
class Workshop:
    """Where jobs run. `endpoint` is the gateway's address, for their own calls to AWS."""

    runner: Runner
    clock: Clock
    workdir: Path
    endpoint: str


@dataclass(frozen=True)
class Job:
    """A job and its surroundings. `root` is the folder that its program sees as /opt/ml."""

    spec: JobSpec
    caller: Caller
    workshop: Workshop
    root: Path
    stop: Stop
    log: Callable[[str], None]

    @cached_property
    def data(self) -> Data:
        return Data(self.caller.client("s3"))

    def path(self, local: str) -> Path:
        """The place on this machine of a path the request gives, which must be below /opt/ml."""
        if not f"{local}/".startswith(OPT_ML):
            raise JobFailed(f"ClientError: The local path {local} is not below {OPT_ML}")
        try:
            return inside(self.root, local.removeprefix(OPT_ML.rstrip("/")).lstrip("/"))
        except DataError as error:
            raise JobFailed(f"ClientError: {error}") from error

    def folder(self, local: str) -> Path:
        place = self.path(local)
        place.mkdir(parents=True, exist_ok=True)
        return place

    def write_json(self, local: str, content: Json) -> None:
        place = self.path(local)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content))

    def read_text(self, local: str) -> str:
        """What the program wrote there; empty when it did not."""
        try:
            return self.path(local).read_text(errors="replace").strip()
        except OSError:
            return ""

    def environment(self, *own: Mapping[str, str]) -> dict[str, str]:
        """The job's own variables, the last named win, and those of its role at the gateway."""
        merged: dict[str, str] = {}
        for variables in own:
            merged.update(variables)
        return aws_environment(merged, self.caller, self.workshop.endpoint, self.spec.region)

    def start(
        self,
        image: str,
        purpose: str,
        environment: Mapping[str, str],
        entrypoint: Sequence[str] = (),
        arguments: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Program:
        """Starts the image's program for the purpose, or the request's own entrypoint if it has one."""
        if self.stop.is_set():
            raise JobStopped
        spec = ContainerSpec(
            name=self.spec.name,
            command=(*entrypoint, *arguments),
            environment=environment,
            root=self.root,
            log=self.log,
            image=image,
            purpose="" if entrypoint else purpose,
            timeout=timeout,
        )
        return Program(self.workshop.runner.start(spec), self.stop)


class Program:
    """A started program, stopped when somebody asks for it."""

    def __init__(self, container: Container, stop: Stop) -> None:
        self._container = container
        self._stop = stop
        self._result: ContainerResult | None = None
        self._error: BaseException | None = None
        self.ended = threading.Event()
        threading.Thread(target=self._wait, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _wait(self) -> None:
        try:
            self._result = self._container.wait()
        except BaseException as error:  # noqa: BLE001 - raised again in `result`, where the job is
            self._error = error
        finally:
            self.ended.set()

    def _watch(self) -> None:
        while not self.ended.wait(0.05):
            if self._stop.is_set():
                self._container.stop()

    def connect(self, port: int, timeout: float) -> socket.socket:
        return self._container.connect(port, timeout)

    def result(self) -> ContainerResult:
        """Waits for the end. JobStopped when that is because somebody asked for it."""
        self.ended.wait()
        if self._error is not None:
            raise self._error
        if self._stop.is_set():
            raise JobStopped
        return self._result or ContainerResult(1)

    def end(self) -> None:
        """Ends it, wanted or not."""
        self._container.stop()


def exit_status(code: int) -> int:
    """The code as AWS tells it: 128 and the signal for a program that was killed (137: mostly memory)."""
    return 128 - code if code < 0 else code


def algorithm_error(code: int, explanation: str = "") -> str:
    """The FailureReason of a program that failed; `AlgorithmError: , exit code: 1` where it left no word."""
    return f"AlgorithmError: {explanation}, exit code: {exit_status(code)}"


def aws_environment(own: Mapping[str, str], caller: Caller, endpoint: str, region: str) -> dict[str, str]:
    """A program's own variables, and what leads its SDKs to the gateway as the role, and nowhere else.

    Its own could name another endpoint or other credentials; a local run cannot touch AWS, so those are dropped.
    """
    credentials = caller.credentials
    return {name: value for name, value in own.items() if not _ELSEWHERE.fullmatch(name)} | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def single_instance(count: int) -> None:
    if count > 1:
        unsupported(f"more than one instance (InstanceCount {count})")


def resource_config(instance_type: str) -> Json:
    """resourceconfig.json of one instance, as recorded in training jobs' logs."""
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": [HOST]}
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": [HOST],
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }
