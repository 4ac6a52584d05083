"""The catalogue: which program stands in for an image. Its form is told in images/catalogue.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.model import HarnessError, ImageNotFound, Json

BUILT_IN = Path(__file__).parents[2] / "images" / "catalogue.toml"
PURPOSES = ("processing", "train", "serve", "function")


@dataclass(frozen=True)
class Image:
    """A stand-in. `arguments` has the program's arguments for each purpose that it can serve by itself.

    `folder` is where its Dockerfile is, if it has one.
    """

    name: str
    folder: Path
    uris: tuple[re.Pattern[str], ...]
    program: Path | None
    arguments: Mapping[str, tuple[str, ...]]

    @property
    def can_be_built(self) -> bool:
        return (self.folder / "Dockerfile").is_file()

    def matches(self, uri: str) -> bool:
        """By `<repository>:<tag>`, whatever registry is named before it: AWS's images live in other accounts in each
        region."""
        names = (uri, uri.partition("/")[2])
        return any(pattern.fullmatch(name) for pattern in self.uris for name in names)


class Catalogue:
    """The first entry that matches an image counts; users' files come before ours."""

    def __init__(self, images: Iterable[Image], files: Iterable[Path] = ()) -> None:
        self._images = tuple(images)
        self._files = tuple(files)

    def __iter__(self) -> Iterator[Image]:
        return iter(self._images)

    @classmethod
    def load(cls, extra: Iterable[Path] = (), built_in: Path = BUILT_IN) -> Catalogue:
        files = (*extra, built_in)
        return cls((image for file in files for image in _read(file)), files)

    def find(self, uri: str) -> Image:
        for image in self._images:
            if image.matches(uri):
                return image
        known = ", ".join(image.name for image in self._images) or "nothing"
        raise ImageNotFound(f"The image {uri} is not in the catalogue {self._where()}, which knows {known}")

    def folder(self, uri: str) -> Path | None:
        """Where the stand-in's Dockerfile is; None where nothing that can be built stands in for the image."""
        image = next((image for image in self._images if image.matches(uri)), None)
        return image.folder if image and image.can_be_built else None

    def run(self, uri: str, purpose: str) -> tuple[Path | None, tuple[str, ...]]:
        """The image's program for a purpose and its own arguments to it. Without a purpose the image only has to be
        known, and without an image nothing does."""
        if purpose:
            return self._program(uri, purpose)
        if uri:
            self.find(uri)
        return None, ()

    def _program(self, uri: str, purpose: str) -> tuple[Path, tuple[str, ...]]:
        image = self.find(uri)
        if image.program is None or purpose not in image.arguments:
            raise ImageNotFound(
                f"The image {uri} ({image.name} in the catalogue {self._where()}) has no program for "
                f"`{purpose}`; name a ContainerEntrypoint, or add the program to the catalogue"
            )
        return image.program, image.arguments[purpose]

    def _where(self) -> str:
        return ", ".join(str(file) for file in self._files)


def _read(file: Path) -> list[Image]:
    try:
        entries = tomllib.loads(file.read_text())["image"]
        return [_image(entry, file.parent) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        raise HarnessError(f"The image catalogue {file} can't be read: {error!r}") from error


def _image(entry: Json, folder: Path) -> Image:
    program = (folder / entry["program"]).resolve() if "program" in entry else None
    if program and not program.is_file():
        raise ValueError(f"{entry['name']}: there is no program {program}")
    arguments = {purpose: tuple(entry[purpose]) for purpose in PURPOSES if purpose in entry}
    uris = tuple(re.compile(uri) for uri in entry["uris"])
    return Image(entry["name"], folder / entry["name"], uris, program, arguments)
