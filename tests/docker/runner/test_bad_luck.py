"""What can go wrong between the harness and an engine: told in one sentence, where boto3 tells it; and life goes on."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest

from engines import machine
from harness.jobs.docker.build import folders
from harness.jobs.docker.engine import JOB
from harness.jobs.docker.tags import tag
from harness.jobs.images import BUILT_IN, Catalogue
from harness.model import Engines, Json
from harness.running import environment
from harness.stack import Stack, started
from tests.docker.runner.engine import OwnEngine, full, own_engine, small_disk
from tests.docker.runner.work import Work
from tests.e2e.desk import Desk, lines
from tests.e2e.test_bad_definitions import create, definition, step

IMAGES = [tag(folder) for folder in folders(Catalogue.load())]
LINK = tag(BUILT_IN.parent / "link")
SCIKIT_LEARN = tag(BUILT_IN.parent / "scikit_learn")
MISSING = "111122223333.dkr.ecr.us-east-1.amazonaws.com/no-such-image:1"

only_root = pytest.mark.skipif(
    not machine.root(), reason="only root can mount a small disk and start an engine"
)


def of(image: str, *command: str) -> Json:
    return {
        "AppSpecification": {"ImageUri": image, **({"ContainerEntrypoint": list(command)} if command else {})}
    }


def failed(told: Json) -> str:
    assert told["ProcessingJobStatus"] == "Failed", told
    reason: str = told["FailureReason"]
    assert "\n" not in reason
    assert "Traceback" not in reason
    return reason


def works(dev: Work, image: str = LINK) -> bool:
    told = dev.process(**of(image, "true"))
    assert told["ProcessingJobStatus"] == "Completed", told
    return True


# Images


@pytest.fixture
def loaded(client: docker.DockerClient) -> Iterator[Callable[[bytes, str, str], str]]:
    """Loads an image of one program, for a kind of machine, with an entrypoint; answers its name."""
    name = f"harness-test/loaded:{os.getpid()}"

    def load(program: bytes, architecture: str, entrypoint: str) -> str:
        layer = archive({"bin/sh": program, "bin/program": program})
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Entrypoint": [entrypoint]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        }
        manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
        files = {"layer.tar": layer, "config.json": as_json(config), "manifest.json": as_json(manifest)}
        client.images.load(archive(files))
        return name

    yield load
    client.images.remove(name, force=True)


def as_json(content: Any) -> bytes:
    return json.dumps(content).encode()


def archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_an_image_that_is_nowhere_fails_the_job_and_says_what_to_do(dev: Work) -> None:
    reason = failed(dev.process(**of(MISSING, "true")))
    assert reason.startswith(
        f"ClientError: The image {MISSING} is neither in the catalogue of stand-ins nor in the"
    )
    assert "docker pull" in reason
    assert works(dev)


def test_an_image_with_an_impossible_name_fails_the_job(dev: Work) -> None:
    assert failed(dev.process(**of("No Such Image!", "true"))).startswith(
        "ClientError: The image No Such Image! is"
    )


def test_a_pipeline_whose_step_wants_a_missing_image_fails_and_the_step_says_why(dev: Work) -> None:
    sagemaker, missing = dev.client("sagemaker"), step("Prepare")
    missing["Arguments"] |= {**of(MISSING, "true"), "RoleArn": dev.role}
    name = create(dev, definition(missing, step("After", DependsOn=["Prepare"])))
    execution = sagemaker.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]
    while (told := sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution))[
        "PipelineExecutionStatus"
    ] == "Executing":
        time.sleep(0.05)
    assert told["PipelineExecutionStatus"] == "Failed"
    (prepare,) = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution)[
        "PipelineExecutionSteps"
    ]
    assert (prepare["StepName"], prepare["StepStatus"]) == ("Prepare", "Failed")
    assert f"The image {MISSING} is neither" in prepare["FailureReason"]


# The header of a program for the other kind of machine, and nothing after it.
MACHINE, OTHER, CODE = (
    ("amd64", "arm64", 0xB7) if platform.machine() == "x86_64" else ("arm64", "amd64", 0x3E)
)
FOREIGN = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00" + bytes([CODE, 0]) + b"\x01" + bytes(43)
EMULATED = Path("/proc/sys/fs/binfmt_misc/qemu-" + {"arm64": "aarch64", "amd64": "x86_64"}[OTHER])


@pytest.mark.skipif(EMULATED.exists(), reason=f"this machine runs programs for {OTHER}, too")
def test_an_image_for_another_kind_of_machine_fails_the_job_by_its_name(dev: Work, loaded: Any) -> None:
    image = loaded(FOREIGN, OTHER, "/bin/program")
    reason = failed(dev.process(**of(image)))
    assert reason.startswith(f"ClientError: The image {image} is for {OTHER}, and this machine is ")
    assert works(dev)


def test_an_image_whose_entrypoint_is_not_there_fails_as_a_shell_would(dev: Work, loaded: Any) -> None:
    image = loaded(b"", MACHINE, "/no/such/program")
    told = dev.process(**of(image))
    assert failed(told) == "AlgorithmError: , exit code: 127"
    assert "/no/such/program" in dev.log(told["ProcessingJobName"])


# Programs


def test_a_job_that_prints_a_hundred_megabytes_is_logged_to_its_end(dev: Work) -> None:
    told = dev.run("print(('x' * 999 + '\\n') * 100_000 + 'the end')")
    assert told["ProcessingJobStatus"] == "Completed"
    dev.until_logged(told["ProcessingJobName"], "the end", seconds=120)


def test_a_job_that_prints_no_newline_is_logged_in_pieces(dev: Work) -> None:
    told = dev.run("print('x' * 10_000_000 + 'the end', end='')")
    assert told["ProcessingJobStatus"] == "Completed"
    log = dev.log(told["ProcessingJobName"])
    assert log.endswith("the end")
    assert len(log.replace("\n", "")) == 10_000_000 + len("the end")


def test_what_a_job_leaves_running_ends_with_it(dev: Work, client: docker.DockerClient) -> None:
    script = "import subprocess; subprocess.Popen(['sleep', '4711'], start_new_session=True); print('left')"
    began = time.monotonic()
    told = dev.run(script)
    assert told["ProcessingJobStatus"] == "Completed"
    assert time.monotonic() - began < 30
    assert dev.log(told["ProcessingJobName"]) == "left"
    assert not [p for p in Path("/proc").glob("[0-9]*/cmdline") if b"sleep\x004711" in read(p)]


def read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def test_a_container_that_somebody_removes_fails_its_job(dev: Work, client: docker.DockerClient) -> None:
    name = dev.create("import time; print('begun', flush=True); time.sleep(600)")
    dev.until_logged(name, "begun")
    (container,) = client.containers.list(filters={"label": f"harness.job={name}"})
    container.remove(force=True)
    failed(dev.ended(name))
    assert works(dev)


# What is missing at the start


def test_without_an_engine_up_fails_in_one_line(short: Path) -> None:
    said = refused(short, DOCKER_HOST=f"unix://{short}/nothing.sock")
    assert said.startswith("error: no Docker engine answers (")
    assert "start it, or name another in DOCKER_HOST" in said


@pytest.mark.parametrize("commands", [[], ["docker"]], ids=["nor docker", "but with docker"])
def test_without_compose_up_fails_in_one_line(short: Path, commands: list[str]) -> None:
    path = short / "bin"
    path.mkdir()
    for command in commands:
        there = shutil.which(command)
        if not there:
            pytest.skip(f"there is no {command}")
        (path / command).symlink_to(there)
    if commands and has_plugin(path):
        pytest.skip("Docker Compose is a plugin here, which has no place of its own in PATH")
    said = refused(short, PATH=str(path))
    assert said.startswith("error: Docker Compose is not installed")
    assert "leave out --runner docker" in said


def test_in_a_folder_with_a_long_name_up_fails_in_one_line(tmp_path: Path) -> None:
    place = tmp_path / ("long" * 20)
    place.mkdir()
    said = refused(place)
    assert said.startswith(f"error: {place}/tmp/harness-")
    assert said.endswith("set TMPDIR to a folder with a shorter name")


def has_plugin(path: Path) -> bool:
    return os.system(f"{path}/docker compose version >/dev/null 2>&1") == 0


def refused(folder: Path, **variables: str) -> str:
    """What a `harness up` says that does not come up; it says one line and leaves nothing."""
    desk = Desk.under(folder)
    began = time.monotonic()
    done = desk.harness("up", "--runner", "docker", "--port", "0", **variables)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert time.monotonic() - began < 20
    (line,) = lines(done.stderr)
    assert desk.left() == []
    return line


# An engine that comes and goes


@pytest.fixture(scope="module")
def engine() -> Iterator[OwnEngine]:
    if not shutil.which("dockerd"):
        pytest.skip("there is no dockerd to start another engine with")
    with own_engine() as engine:
        engine.start()
        yield engine


@pytest.fixture(scope="module")
def mortal(engine: OwnEngine, client: docker.DockerClient) -> Iterator[Stack]:
    """A harness on that engine. All its images are the relay's: they need to be there, and jobs here name their own."""
    engine.give(client, LINK, *IMAGES)
    with ExitStack() as life:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", engine.host)
            stack = life.enter_context(started(engines=Engines(runner="docker")))
        yield stack
    with engine.client() as own:  # what was left when the engine ended, too
        assert own.containers.list(all=True) == []


@pytest.fixture(scope="module")
def there(mortal: Stack) -> Work:
    with environment(mortal):
        return Work("dev", mortal)


@only_root
def test_without_images_up_fails_in_one_line(short: Path, engine: OwnEngine) -> None:
    said = refused(short, DOCKER_HOST=engine.host)
    assert said.startswith("error: these images have not been built")
    assert all(image in said for image in IMAGES)
    assert "run `make images`" in said


@only_root
def test_a_stand_in_that_is_not_there_any_more_fails_the_job(there: Work, engine: OwnEngine) -> None:
    with engine.client() as client:
        client.images.remove(SCIKIT_LEARN)
        reason = failed(there.run("pass"))
        client.images.get(LINK).tag(SCIKIT_LEARN)
    assert reason.startswith("ClientError: The image of ")
    assert reason.endswith(f"{SCIKIT_LEARN}, has not been built: run `make images`")
    assert works(there)


@only_root
def test_when_the_engine_ends_its_job_fails_and_with_the_engine_back_the_next_one_works(
    there: Work, mortal: Stack, engine: OwnEngine
) -> None:
    name = there.create("import time; print('begun', flush=True); time.sleep(600)", **sleeping())
    there.until_logged(name, "begun")
    engine.end()
    reason = failed(there.ended(name))
    assert reason.startswith(f"InternalServerError: {name}: the Docker engine is gone (")
    assert reason.endswith("and the job with it")
    without = failed(there.process(**of(LINK, "true")))
    assert without.startswith("InternalServerError: the Docker engine is gone (")
    assert mortal.alive()
    engine.start()
    assert works(there)


def sleeping() -> Json:
    return of(LINK, "python3", "-c", "import time; print('begun', flush=True); time.sleep(600)")


@only_root
def test_when_the_engine_s_disk_is_full_the_job_fails_and_with_room_again_the_next_one_works(
    there: Work, engine: OwnEngine
) -> None:
    with full(engine.disk):
        reason = failed(there.process(**of(LINK, "true")))
    assert reason.startswith("InternalServerError: ")
    assert "no space left on device" in reason
    assert works(there)


@only_root
def test_of_all_that_has_been_run_the_engine_keeps_no_network_no_volume_and_no_image(
    there: Work, mortal: Stack, engine: OwnEngine
) -> None:
    assert works(there)
    assert mortal.client.settle() == []
    with engine.client() as client:
        assert {network.name for network in client.networks.list()} == {"none", "host"}
        assert client.volumes.list() == []
        assert [set(image.tags) for image in client.images.list(all=True)] == [set(IMAGES)]
        assert {container.labels[JOB] for container in client.containers.list()} <= {"link"}


# The harness's own disk


@pytest.fixture(params=["process", "docker"])
def cramped(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Work, Path]]:
    """A harness whose folder is on a disk of 30 MB; where that is."""
    if request.param == "docker" and "HARNESS_DOCKERD_PID" in os.environ:
        pytest.skip(
            "the engine that was started for the tests has mounts of its own, and does not see this disk"
        )
    place = Path(tempfile.mkdtemp(prefix="small-"))
    try:
        with small_disk(place, 30), pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", str(place))
            patch.setattr(tempfile, "tempdir", str(place))
            with started(engines=Engines(runner=request.param)) as stack, environment(stack):
                yield Work("dev", stack), place
            assert os.listdir(place) == []
    finally:
        place.rmdir()


@only_root
def test_data_that_do_not_fit_on_the_disk_fail_the_job_and_the_place_is_told(
    cramped: tuple[Work, Path],
) -> None:
    dev, place = cramped
    for number in range(8):
        dev.put(f"large/{number}", bytes(5_000_000))
    inputs = [dev.input(f"s3://{dev.bucket}/large/", "in")]
    reason = failed(dev.run("pass", ProcessingInputs=inputs))
    assert reason.startswith(f"InternalServerError: No space left on device: {place}/")
    assert dev.run("pass")["ProcessingJobStatus"] == "Completed"


@only_root
def test_with_no_room_at_all_a_job_fails_and_the_harness_still_answers(cramped: tuple[Work, Path]) -> None:
    dev, place = cramped
    with full(place):
        reason = failed(dev.run("pass"))
    assert reason.startswith(f"InternalServerError: No space left on device: {place}/")
    assert dev.run("pass")["ProcessingJobStatus"] == "Completed"
