"""The processes that Terraform runs in, and the one that serves our provider to it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from fake_accounts.processes import Process

_PROVIDER = "registry.terraform.io/hashicorp/aws"


@dataclass(frozen=True)
class Answer:
    """A Terraform command's end."""

    code: int
    output: str
    error: str = ""


@dataclass(frozen=True)
class Worker:
    """One root's Terraform; see worker.py. `say` gets each line of its output as it comes."""

    process: Process
    say: Callable[[str], None]

    def run(self, directory: Path, *arguments: str) -> Answer:
        """Raises ProcessDied."""
        self.process.ask(json.dumps([f"-chdir={directory}", *arguments]))
        while "code" not in (told := json.loads(self.process.answer())):
            self.say(told["said"])
        return Answer(**told)


@dataclass(frozen=True)
class Served:
    """Our provider.

    Attributes:
        variables: By name, what tells Terraform that it is served already, so that none is downloaded.
        wait: Returns once it serves. Raises ProcessDied.
    """

    variables: Mapping[str, Mapping[str, str]]
    wait: Callable[[], object]


@contextmanager
def served(names: Iterable[str], environment: Mapping[str, str]) -> Iterator[Served]:
    """Our provider, served once for each of the names, by a process of its own."""
    # A unix socket's path has room for about 100 characters, so not every TMPDIR would do. It tells whose it is.
    sockets = Path("/tmp") / f"terraform-{os.getpid()}-{uuid4().hex}"
    variables = {name: _reattached(sockets / name) for name in names}
    with Process("fake_accounts.provider", str(sockets), *variables, env=dict(environment)) as provider:
        yield Served(variables, provider.answer)


def _reattached(socket: Path) -> dict[str, str]:
    address = {"Network": "unix", "String": str(socket)}
    attach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
    return {"TF_REATTACH_PROVIDERS": json.dumps({_PROVIDER: attach})}
