"""The image that others are built on: Python's own, or where it can't be pulled, one of Debian's packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from engines import machine
from engines.model import Impossible, say

PYTHON = ("python", "3.11-slim")
DEBIAN = ("harness/base", "bookworm")
PULL_SECONDS = 60.0
MAKE_SECONDS = 900

SUITE = "bookworm"  # with Python 3.11, as PYTHON
PACKAGES = "python3,python3-pip,python-is-python3"
LEFT_OUT = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "dev")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


def base_image(client: docker.DockerClient) -> str:
    """An image that is in the engine. Raises Impossible."""
    chosen = os.environ.get("HARNESS_BASE_IMAGE")
    if chosen:
        return chosen
    names = [":".join(PYTHON), ":".join(DEBIAN)]
    there = {tag for image in client.images.list() for tag in image.tags}
    if names[0] not in there and (why := _pulled(client)):
        if names[1] not in there:
            _imported(client, why)
        return names[1]
    return names[0]


def _pulled(client: docker.DockerClient) -> str:
    """Why it was not; empty where it was."""
    deadline = time.monotonic() + PULL_SECONDS
    try:
        for told in client.api.pull(*PYTHON, stream=True, decode=True):
            if "error" in told:
                return str(told["error"])
            if time.monotonic() > deadline:
                return f"it takes more than {PULL_SECONDS:.0f} s"
    except (DockerException, RequestException) as error:
        return str(getattr(error, "explanation", None) or error)
    return ""


def _imported(client: docker.DockerClient, why: str) -> None:
    variables = [f"ENV SSL_CERT_FILE=/{CERTIFICATES} PIP_CERT=/{CERTIFICATES}"] if _certificates() else []
    client.api.import_image(
        src=str(_archive(why)),
        repository=DEBIAN[0],
        tag=DEBIAN[1],
        changes=[*variables, 'CMD ["python3"]'],
    )


def _archive(why: str) -> Path:
    """Made once: it takes a minute."""
    certificates = _certificates()
    recipe = "\n".join((SUITE, PACKAGES, *LEFT_OUT)).encode() + certificates
    kept = _cache() / f"base-{hashlib.sha256(recipe).hexdigest()[:12]}.tar"
    if not kept.exists():
        say(f"{':'.join(PYTHON)} can't be pulled ({why}): making a base image of Debian's packages, once")
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="harness-base-") as folder:
            _bootstrap(Path(folder), certificates)
            _pack(Path(folder), kept)
    return kept


def _cache() -> Path:
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("HARNESS_CACHE") or Path(user) / "harness")


def _certificates() -> bytes:
    """Those that this machine trusts: what packages are fetched through may have one of its own."""
    bundle = ssl.get_default_verify_paths().cafile
    return Path(bundle).read_bytes() if bundle else b""


def _bootstrap(folder: Path, certificates: bytes) -> None:
    if not machine.root():
        raise Impossible(
            "there is no base image: none can be pulled, and only root can make one with debootstrap"
        )
    for program in ("debootstrap", "unshare"):
        machine.need(program)
    # What it mounts is gone with it, even if it is killed.
    command = [
        "unshare",
        "--mount",
        "debootstrap",
        "--variant=minbase",
        f"--include={PACKAGES}",
        SUITE,
        str(folder),
    ]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=MAKE_SECONDS
    )
    if done.returncode != 0:
        lines = (done.stderr + done.stdout).strip().splitlines() or ["it said nothing"]
        raise Impossible(f"there is no base image: none can be pulled, and debootstrap says: {lines[-1]}")
    if certificates:
        file = folder / CERTIFICATES
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(certificates)


def _pack(folder: Path, kept: Path) -> None:
    """Under its name only once it is whole."""
    part = kept.with_suffix(f".{os.getpid()}")
    excluded = [f"--exclude=./{name}" for name in LEFT_OUT]
    try:
        subprocess.run(["tar", "-C", folder, "--one-file-system", *excluded, "-cf", part, "."], check=True)
        shutil.move(part, kept)
    finally:
        part.unlink(missing_ok=True)
