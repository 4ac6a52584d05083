"""Containers as SageMaker local mode starts them: its compose file, its way to call Docker Compose.

What it writes is kept but for what leads out of the container: its network, its port, a terminal. The folders of
/opt/ml are ours, because data, encryption, configuration and outputs are the job contract's, the same for each runner.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from sagemaker.local.image import _SageMakerContainer, _Volume

from harness.jobs.docker.compose import compose
from harness.model import ContainerSpec, HarnessError, Json

# A container that ends because what it should run is not there; a shell's exit status says so.
_NOT_FOUND = re.compile(r"exec: .*(executable file not found|no such file or directory)", re.IGNORECASE)
_NOT_PERMITTED = re.compile(r"exec: .*permission denied", re.IGNORECASE)
_MARKED = re.compile(r"^ERROR: (?:for \S+ +)?(?P<fault>\S.*)", re.MULTILINE)
NOTHING = SimpleNamespace(get_credentials=lambda: None)
# The docker command's settings may have some for every container: they lead nowhere from here, and may have a password.
_NO_PROXIES = dict.fromkeys(
    (f(f"{of}_proxy") for of in ("http", "https", "ftp", "all", "no") for f in (str.lower, str.upper)), ""
)
# An image is there already, so that all is a matter of seconds, on however slow a machine.
_PATIENCE = 120.0


# To the SDK a plugin whose version does not say `v2` is none, Compose 5 for one (aws/sagemaker-python-sdk#5739, mended
# in its version 3 only); and it would ask anew for each container.
_SageMakerContainer._get_compose_cmd_prefix = staticmethod(lambda: list(compose()))  # type: ignore[method-assign]


class NotStarted(Exception):
    """The program could not be started; `code` is the exit status that a shell gives for that."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class LocalMode(_SageMakerContainer):
    """One container. `folder` gets its compose file."""

    def __init__(self, spec: ContainerSpec, image: str, folder: Path) -> None:
        # Its credentials are the role's, and in the environment.
        session = SimpleNamespace(config={"local": {"container_root": str(folder)}}, boto_session=NOTHING)
        super().__init__("local", 1, image, session)
        self._spec = spec
        self.container_root = str(folder)
        self._file = folder / "docker-compose.yaml"
        self._process: subprocess.Popen[str] | None = None

    def _build_optml_volumes(self, host: str, subdirs: set[str]) -> list[Any]:
        return []

    def write(self, network: str, labels: Json) -> str:
        """Writes the compose file; answers the container's name."""
        spec = self._spec
        volumes = [
            _Volume(str(folder), f"{path}:ro" if path in spec.read_only else path)
            for path, folder in mounts(spec)
        ]
        content = self._generate_compose_file("process", volumes, dict(spec.environment))
        (service,) = content["services"].values()
        for outward in ("networks", "tty", "stdin_open"):
            del service[outward]
        service["environment"] = _NO_PROXIES | dict(spec.environment)
        service |= {"network_mode": network, "labels": labels, "init": True} | _command(spec)
        service["security_opt"] = ["no-new-privileges:true"]
        del content["networks"]
        text = yaml.safe_dump(_literal(content), default_flow_style=False)
        self._file.write_text(text)
        name: str = service["container_name"]
        return name

    def up(self) -> None:
        """Returns when the container has started. Raises NotStarted, or HarnessError with what Compose said."""
        self._process = subprocess.Popen(
            self._compose(detached=True),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # the plugin is a process of its own
        )
        try:
            said, _ = self._process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired as error:
            self.give_up()
            raise HarnessError(f"Docker Compose has not started it in {_PATIENCE:.0f} s") from error
        if self._process.returncode == 0:
            return
        fault = fault_of(said)
        for pattern, code in ((_NOT_FOUND, 127), (_NOT_PERMITTED, 126)):
            if pattern.search(fault):
                raise NotStarted(code, fault)
        raise HarnessError(fault)

    def give_up(self) -> None:
        """Ends a Compose that is at it."""
        if self._process and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def mounts(spec: ContainerSpec) -> Iterator[tuple[str, Path]]:
    """What the contract has put into /opt/ml, folder by folder: an image may bring some of its own, its code say."""
    for folder in sorted(spec.root.iterdir()) if spec.root else ():
        if (folder.is_dir() and any(folder.iterdir())) or folder.name != "code":
            yield f"/opt/ml/{folder.name}", folder
    yield from spec.folders.items()


def _command(spec: ContainerSpec) -> Json:
    """AWS runs `IMAGE train` and `IMAGE serve`; of processing jobs and functions the image has its own idea."""
    place = {"working_dir": spec.cwd} if spec.cwd else {}
    if not spec.purpose:
        return {"entrypoint": list(spec.command), **place}
    verb = [spec.purpose] if spec.purpose in ("train", "serve") else []
    command = [*verb, *spec.command]
    return ({"command": command} if command else {}) | place


def _literal(content: Any) -> Any:
    """Compose puts variables in for `$NAME`, which nobody here means."""
    if isinstance(content, dict):
        return {key: _literal(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_literal(value) for value in content]
    return content.replace("$", "$$") if isinstance(content, str) else content


def fault_of(said: str) -> str:
    """What went wrong: the first line that Compose 1 marks as that; of Compose 2, and of a traceback, the last."""
    marked = _MARKED.search(said)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return marked["fault"].strip() if marked else (lines or ["Docker Compose failed and said nothing"])[-1]
