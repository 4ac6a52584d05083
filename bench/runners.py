"""The runners beside plain SageMaker local mode: the same three jobs, data, images and machine, in one run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from docker.errors import ImageNotFound

from bench.jobs import BUCKET, HYPERPARAMETERS, Jobs, auc, put_inputs
from bench.moto import bare_moto
from bench.timing import Row, turn_about
from harness import stack as stacks
from harness.jobs.docker.build import IMAGES
from harness.jobs.docker.engine import FAILURES, connect, remove
from harness.jobs.docker.tags import tag
from harness.model import Engines, HarnessError
from harness.running import environment
from harness.stack import ROOT, confined, scrubbed

# What is measured, and how many times as fast as local mode it is to be.
AIMS = {"process": ("processes", 50), "docker": ("containers", 1)}
JOBS = "pre-process, train, evaluate"
# Docker Compose labels each container with the folder of its compose file, local mode never removes one.
_FOLDER = "com.docker.compose.project.working_dir"
_NETWORK = "sagemaker-local"


def rows() -> Iterator[Row]:
    try:
        taken = measured()
    except HarnessError as error:
        for where, aim in AIMS.values():
            yield f"{JOBS}: {where}", f"not measured: {error}", "", "", str(aim)
        return
    plain = taken["local mode"]
    for runner, (where, aim) in AIMS.items():
        yield (
            f"{JOBS}: {where}",
            f"{taken[runner]:.2f} s",
            f"SageMaker local mode {plain:.2f} s",
            f"{plain / taken[runner]:.1f}",
            str(aim),
        )


def measured() -> dict[str, float]:
    """The medians (s). Raises HarnessError where this machine can't run containers."""
    with ExitStack() as entered:
        client = connect()
        entered.callback(client.close)
        images = [_there(client, IMAGES / name) for name in ("scikit_learn", "xgboost")]
        jobs = {runner: entered.enter_context(_jobs(runner)) for runner in AIMS}
        moto = entered.enter_context(bare_moto())
        calls: dict[str, Callable[[], Any]] = {
            "local mode": entered.enter_context(_local_mode(client, moto, images)),
            **{runner: of.through_the_harness for runner, of in jobs.items()},
        }
        taken = turn_about(calls, rounds=3)
        scores = {runner: of.auc() for runner, of in jobs.items()} | {"local mode": auc(moto)}
        assert len(set(scores.values())) == 1, f"they have not done the same: AUCs of {scores}"
        return taken


def _there(client: Any, folder: Path) -> str:
    name = tag(folder)
    try:
        client.images.get(name)
    except ImageNotFound as error:
        raise HarnessError(f"the image {name} has not been built: run `make images`") from error
    return name


@contextmanager
def _jobs(runner: str) -> Iterator[Jobs]:
    with stacks.started(engines=Engines(runner=runner)) as stack, environment(stack):
        yield Jobs(stack)


@contextmanager
def _local_mode(client: Any, moto: Any, images: list[str]) -> Iterator[Callable[[], None]]:
    """Runs the jobs once a call, in a process that has imported the SDK: what is measured is the pipeline's run."""
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as name:
        folder = Path(name).resolve()
        put_inputs(moto, folder)
        command = [sys.executable, "-m", "bench.local_mode", BUCKET, *images, json.dumps(HYPERPARAMETERS)]
        with (
            _cleared(client, folder, images[0]),
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                env=_environment(moto.meta.endpoint_url, folder),
                text=True,
            ) as process,
        ):
            assert process.stdin
            assert process.stdout
            if "ready\n" not in process.stdout:  # the SDK says something before
                raise HarnessError("SageMaker local mode does not start; what it said is above")
            yield lambda: _run(process)


def _run(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    assert process.stdout
    print(file=process.stdin, flush=True)
    failure = json.loads(process.stdout.readline() or '"its process is gone"')
    if failure:
        raise RuntimeError(f"SageMaker local mode fails: {failure}")


def _environment(endpoint: str, folder: Path) -> dict[str, str]:
    """S3 is at that endpoint, and so would all else be: nothing reaches AWS."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "bench")
    regions = dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), "us-east-1")
    return scrubbed({**confined(endpoint), **keys, **regions, "TMPDIR": str(folder)})


@contextmanager
def _cleared(client: Any, folder: Path, image: str) -> Iterator[None]:
    """Takes away what local mode leaves: its containers, its network, files that are root's as containers made them."""
    before = _networks(client)
    try:
        yield
    finally:
        for container in client.containers.list(all=True, filters={"label": _FOLDER}):
            if Path(container.labels[_FOLDER]).is_relative_to(folder):
                remove(container)
        for network in _networks(client) if not before else []:
            with suppress(*FAILURES):  # somebody else uses it by now
                network.remove()
        empty = ["find", "/work", "-mindepth", "1", "-delete"]
        work = {str(folder): {"bind": "/work", "mode": "rw"}}
        client.containers.run(image, empty, volumes=work, network_mode="none", remove=True)


def _networks(client: Any) -> list[Any]:
    return list(client.networks.list(names=[f"^{_NETWORK}$"]))
