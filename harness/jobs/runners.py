"""The runners, by name."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.jobs.images import Catalogue
from harness.jobs.process import ProcessRunner
from harness.model import Engines, Runner

Warn = Callable[[str], None]


def _process(engines: Engines, folder: Path, endpoint: str, warn: Warn) -> Runner:
    return ProcessRunner(warn, catalogue=_catalogue(engines))


def _docker(engines: Engines, folder: Path, endpoint: str, warn: Warn) -> Runner:
    # SageMaker local mode takes seconds to import, which only who asks for it waits. It would say that it is not the
    # newest, and, on standard output, where it found no settings.
    os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"
    logging.getLogger("sagemaker.config").disabled = True
    from harness.jobs.docker.runner import DockerRunner

    return DockerRunner(engines.images, folder, endpoint, warn, _catalogue(engines))


def _catalogue(engines: Engines) -> Catalogue:
    return Catalogue.load([Path(engines.catalogue)] if engines.catalogue else [])


RUNNERS: Mapping[str, Callable[[Engines, Path, str, Warn], Runner]] = {"process": _process, "docker": _docker}
