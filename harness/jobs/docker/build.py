"""Builds the stand-ins' images: those that are not there yet, each from its folder."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import docker
from docker.errors import BuildError, ImageNotFound

from harness.jobs.docker.engine import FAILURES, told
from harness.jobs.docker.tags import files, repository, tag
from harness.jobs.images import BUILT_IN, Catalogue
from harness.model import HarnessError

IMAGES = BUILT_IN.parent
# The way in and out of a job's container: it stands in for no image of AWS's, so the catalogue does not have it.
LINK = IMAGES / "link"
# What has all the packages of another, and more, is built on it: pip gets them, and the engine keeps them, once.
ON = {IMAGES / "xgboost": IMAGES / "scikit_learn"}
# Those that are ours even where AWS's own images run: AWS's for functions starts an emulator of its own.
ALWAYS_OURS = {"link", "lambda_python"}
LABEL = "harness.image"
LAST_LINES = 15

Busy = Callable[[str], AbstractContextManager[object]]


@dataclass(frozen=True)
class Made:
    """What became of an image."""

    image: str
    tag: str
    did: Literal["there", "built", "removed"]


def folders(catalogue: Catalogue, images: str = "stand-ins") -> list[Path]:
    """Of the images that are built for these (`stand-ins` or `aws`), each after the one that it is built on."""
    named = [image.folder.resolve() for image in catalogue if image.can_be_built]
    every = [LINK, *sorted(dict.fromkeys(named), key=lambda folder: folder in ON)]
    return [folder for folder in every if images != "aws" or folder.name in ALWAYS_OURS]


def build(
    client: docker.DockerClient, where: Iterable[Path], base: str, network: str, busy: Busy
) -> Iterator[Made]:
    """Each image as soon as it is there, and then those that it takes the place of, as they are removed.

    Args:
        client: The engine's.
        where: The images' folders, each after the one that it is built on.
        base: The image for the others: Debian's or Python's own, with Python 3.11 or newer.
        network: Where a build gets its packages; `host` is the machine's network.
        busy: Entered with what takes its time, for as long as it does.

    Raises:
        HarnessError: One can't be built; with the last lines of what was said.
    """
    tags = {folder: tag(folder) for folder in where}
    for folder, name in tags.items():
        if _there(client, name):
            yield Made(folder.name, name, "there")
        else:
            under = tags[ON[folder]] if folder in ON else _base(client, base, busy)
            with busy(f"building {name}"):
                _build(client, folder, name, under, network)
            yield Made(folder.name, name, "built")
        yield from _cleared(client, folder, tags.values())


def _there(client: docker.DockerClient, name: str) -> bool:
    try:
        return bool(client.images.get(name))
    except ImageNotFound:
        return False


def _base(client: docker.DockerClient, base: str, busy: Busy) -> str:
    if not _there(client, base):
        try:
            with busy(f"pulling {base}"):
                client.images.pull(base)
        except FAILURES as error:
            raise HarnessError(
                f"the base image {base} is not there and can't be pulled: {told(error)}. Name another with --base"
            ) from error
    return base


def _build(client: docker.DockerClient, folder: Path, name: str, base: str, network: str) -> None:
    try:
        client.images.build(
            fileobj=_context(folder),
            custom_context=True,
            tag=name,
            buildargs={"BASE": base},
            labels={LABEL: folder.name},
            network_mode=network,
            rm=True,
            forcerm=True,
        )
    except BuildError as error:
        said = "".join(line.get("stream", "") for line in error.build_log).splitlines()[-LAST_LINES:]
        raise HarnessError("\n  ".join([f"{name} can't be built: {error.msg}", *said])) from error
    except FAILURES as error:
        raise HarnessError(f"{name} can't be built: {told(error)}") from error


def _context(folder: Path) -> io.BytesIO:
    """What the tag is a hash of goes into an image, and nothing else."""
    context = io.BytesIO()
    # The engine takes a tar file of Python's own default form (PAX) for a Dockerfile.
    with tarfile.open(fileobj=context, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for file in files(folder):
            tar.add(file, file.relative_to(folder).as_posix())
    context.seek(0)
    return context


def _cleared(client: docker.DockerClient, folder: Path, wanted: Collection[str]) -> Iterator[Made]:
    """The image's older ones. The engine keeps those that a container uses."""
    for image in client.images.list(repository(folder), filters={"label": f"{LABEL}={folder.name}"}):
        for old in set(image.tags) - set(wanted):
            try:
                client.images.remove(old)
            except FAILURES:
                continue
            yield Made(folder.name, old, "removed")
