"""Real processes; S3 is moto's, in this process."""

from __future__ import annotations

import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from harness.clock import Clock
from harness.jobs.contract import Workshop
from harness.jobs.images import Catalogue
from harness.jobs.process import ProcessRunner
from harness.jobs.run import run_job
from harness.model import ContainerResult, ContainerSpec, Credentials, JobResult, JobSpec, Json, Principal

BUCKET = "job-data"
SERVICE = Path(__file__).parent / "stand_in.py"


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessRunner]:
    catalogue = tmp_path_factory.mktemp("images") / "catalogue.toml"
    catalogue.write_text(
        f'[[image]]\nname = "stand-in"\nuris = ["stand-in:.*"]\nprogram = "{SERVICE}"\n'
        'processing = ["process"]\ntrain = ["train"]\nserve = ["serve"]\n'
        '[[image]]\nname = "bare"\nuris = ["bare:.*"]\n'
    )
    warnings: list[str] = []
    runner = ProcessRunner(warnings.append, catalogue=Catalogue.load(built_in=catalogue))
    if not runner.isolated:
        runner.close()
        pytest.skip(f"jobs can't have private mounts here: {warnings}")
    runner.start(ContainerSpec("warm-up", ("python3", "-c", "pass"), {}, None, print)).wait()
    yield runner
    runner.close()


@dataclass
class Ran:
    """A program that ended, and what it left."""

    result: ContainerResult
    lines: list[str]
    root: Path
    seconds: float

    @property
    def code(self) -> int:
        return self.result.exit_code


@dataclass
class Programs:
    """Runs programs with their own /opt/ml: `script` is what is in it as script.py."""

    runner: ProcessRunner
    folder: Path
    _roots: int = 0

    def root(self) -> Path:
        self._roots += 1
        root = self.folder / f"root{self._roots}"
        root.mkdir()
        return root

    def spec(
        self, *command: str, script: str = "", lines: list[str] | None = None, **fields: Any
    ) -> ContainerSpec:
        root = self.root()
        (root / "script.py").write_text(textwrap.dedent(script))
        log = (lambda _: None) if lines is None else lines.append
        wanted: Json = {"environment": {}, "root": root, "log": log, **fields}
        return ContainerSpec("job", command or ("python3", "/opt/ml/script.py"), **wanted)

    def __call__(self, *command: str, script: str = "", **fields: Any) -> Ran:
        lines: list[str] = []
        spec = self.spec(*command, script=script, lines=lines, **fields)
        begun = time.monotonic()
        result = self.runner.start(spec).wait()
        assert spec.root is not None
        return Ran(result, lines, spec.root, time.monotonic() - begun)


@pytest.fixture
def run(runner: ProcessRunner, tmp_path: Path) -> Programs:
    return Programs(runner, tmp_path)


class Role:
    """A caller with S3 of moto's, as the job's role."""

    credentials = Credentials("ASIAJOB", "secret", "session-token")
    principal = Principal("111111111111", "arn:aws:sts::111111111111:assumed-role/jobs/job", "assumed-role")

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "ASIAJOB", "aws_secret_access_key": "secret"}
        return boto3.client(service, region_name="us-east-1", **keys)


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = Role().client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


@dataclass
class Jobs:
    """Runs SageMaker jobs. The image `stand-in:1` is stand_in.py, `bare:1` has no program."""

    workshop: Workshop
    s3: Any
    log: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    on_line: Callable[[str], None] = lambda _: None

    def put(self, key: str, content: str | bytes) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    def keys(self, prefix: str = "") -> list[str]:
        page = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for item in page.get("Contents", [])]

    def __call__(self, kind: str, request: Json, model: Json | None = None) -> JobResult:
        def log(line: str) -> None:
            self.log.append(line)
            self.on_line(line)

        arn = f"arn:aws:sagemaker:us-east-1:111111111111:{kind}-job/the-job"
        spec = JobSpec(kind, "the-job", arn, "111111111111", "us-east-1", request, model or {})
        return run_job(self.workshop, spec, Role(), self.stop, log)


@pytest.fixture
def jobs(runner: ProcessRunner, tmp_path: Path, s3: Any) -> Jobs:
    workdir = tmp_path / "work"
    workdir.mkdir()
    return Jobs(Workshop(runner, Clock(), workdir, "http://127.0.0.1:4566"), s3)
