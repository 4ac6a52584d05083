"""The runners, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from harness.jobs.process import ProcessRunner
from harness.model import Engines, Runner

Warn = Callable[[str], None]


def _process(engines: Engines, folder: Path, endpoint: str, warn: Warn) -> Runner:
    return ProcessRunner(warn)


def _docker(engines: Engines, folder: Path, endpoint: str, warn: Warn) -> Runner:
    # SageMaker local mode takes seconds to import, which only who asks for it waits.
    from harness.jobs.docker.runner import DockerRunner

    return DockerRunner(engines.images, folder, endpoint, warn)


RUNNERS: Mapping[str, Callable[[Engines, Path, str, Warn], Runner]] = {"process": _process, "docker": _docker}
