"""The catalogue: which program stands in for an image. Its form is told in images/catalogue.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.model import HarnessError, Json

BUILT_IN = Path(__file__).parents[2] / "images" / "catalogue.toml"
PURPOSES = ("processing", "train", "serve")


class ImageNotFound(LookupError):
    """No entry of the catalogue fits. The text names the image and where the catalogue is."""


@dataclass(frozen=True)
class Image:
    """A stand-in. `arguments` has the program's arguments for each purpose that it can serve by itself."""

    name: str
    uris: tuple[re.Pattern[str], ...]
    program: Path | None
    arguments: Mapping[str, tuple[str, ...]]

    def matches(self, uri: str) -> bool:
        """By `<repository>:<tag>` alone: AWS's images live in other accounts in each region."""
        name = uri.partition("/")[2] or uri
        return any(pattern.fullmatch(name) for pattern in self.uris)


class Catalogue:
    """The first entry that matches an image counts; users' files come before ours."""

    def __init__(self, images: Iterable[Image], files: Iterable[Path] = ()) -> None:
        self._images = tuple(images)
        self._files = tuple(files)

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

    def program(self, uri: str, purpose: str) -> tuple[Path, tuple[str, ...]]:
        """What to run for a job that names no entrypoint, and the image's own arguments to it."""
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
    return Image(entry["name"], tuple(re.compile(uri) for uri in entry["uris"]), program, arguments)
