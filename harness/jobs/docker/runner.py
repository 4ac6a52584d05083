"""The docker runner: jobs are containers of SageMaker local mode's, on images built from `images/` or on AWS's own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from weakref import WeakSet

from docker.errors import APIError

from harness.jobs.docker.build import ALWAYS_OURS, LINK, folders
from harness.jobs.docker.compose import compose
from harness.jobs.docker.container import DockerContainer
from harness.jobs.docker.engine import FAILURES, Engine, told
from harness.jobs.docker.links import Links, check_place
from harness.jobs.docker.tags import tag
from harness.jobs.images import Catalogue
from harness.model import ContainerSpec, HarnessError, ImageNotFound

SERVING = 8080


class DockerRunner:
    """See model.Runner. `images`: `stand-ins` or `aws`; `folder` is the harness's."""

    def __init__(
        self,
        images: str,
        folder: Path,
        endpoint: str,
        warn: Callable[[str], None],
        catalogue: Catalogue | None = None,
    ) -> None:
        """Raises HarnessError where there is no engine or no Docker Compose, or our own images have not been built."""
        self._of_aws = images == "aws"
        self._warn = warn
        self._catalogue = catalogue or Catalogue.load()
        check_place(folder)
        self._engine = Engine(folder)
        compose()
        self._compose_files = folder / "compose"
        self._compose_files.mkdir()
        self._closed = False
        self._lock = threading.Lock()
        self._running = WeakSet[DockerContainer]()
        self._check_images(images)
        self._links = Links(self._engine, tag(LINK), folder, endpoint)

    def _check_images(self, images: str) -> None:
        """Raises HarnessError with all those that have not been built, before a job waits for one."""
        missing = [tag(f) for f in folders(self._catalogue, images) if not self._there(tag(f))]
        if missing:
            raise HarnessError(
                f"these images have not been built, or their folders have changed since: {', '.join(missing)}: run "
                "`make images`, with BASE= where you build on another base"
            )

    def start(self, spec: ContainerSpec) -> DockerContainer:
        if self._closed:
            raise HarnessError("the job runner is closed")
        container = DockerContainer(
            spec, self._image(spec.image), self._engine, self._links, self._compose_files
        )
        with self._lock:
            self._running.add(container)
        return container

    def place(self, folder: Path, path: str) -> str:
        return path

    def port(self) -> int:
        return SERVING

    def close(self) -> None:
        self._closed = True
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(DockerContainer.kill, self._now_running()))
        self._links.close()
        self._engine.remove_all()

    def _now_running(self) -> list[DockerContainer]:
        with self._lock:
            return list(self._running)

    def _image(self, uri: str) -> str:
        """The engine's name for what a request names. Raises ImageNotFound."""
        stand_in = self._catalogue.folder(uri)
        if stand_in and (not self._of_aws or stand_in.name in ALWAYS_OURS):
            return self._own_image(uri, stand_in)
        if self._there(uri):
            return uri
        if self._of_aws and ".dkr.ecr." in uri:
            return self._pulled(uri)
        raise ImageNotFound(
            f"The image {uri} is neither in the catalogue of stand-ins nor in the Docker engine: build it, or pull it "
            "(`docker pull`), before a job needs it"
        )

    def _own_image(self, what: str, folder: Path) -> str:
        name = tag(folder)
        if not self._there(name):
            raise ImageNotFound(f"The image of {what}, {name}, has not been built: run `make images`")
        return name

    def _there(self, name: str) -> bool:
        try:
            self._engine.client.images.get(name)
        except FAILURES as error:
            if isinstance(error, APIError) and error.is_client_error():  # none has it, or none could have it
                return False
            raise HarnessError(told(error)) from error
        return True

    def _pulled(self, uri: str) -> str:
        """By the engine, with the credentials that it has for the registry; ours are of no use there."""
        self._warn(f"pulling {uri}, once")
        try:
            self._engine.client.images.pull(uri)
        except FAILURES as error:
            registry = uri.partition("/")[0]
            raise ImageNotFound(
                f"The image {uri} can't be pulled ({told(error)}): log in to its registry, `aws ecr get-login-password "
                f"--region {registry.split('.')[3]} | docker login --username AWS --password-stdin {registry}`"
            ) from error
        return uri
