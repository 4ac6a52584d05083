"""What Docker Compose and the engine say is told in one line: the one that says what went wrong."""

from __future__ import annotations

import errno
from types import SimpleNamespace

import pytest
from docker.errors import APIError
from requests.exceptions import ConnectionError as NoConnection

from harness.jobs.docker.engine import told
from harness.jobs.docker.local_mode import fault_of

NO_SPACE = "Cannot create container for service algo-1: write /data/init/link: no space left on device"
NO_PROGRAM = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
    'unable to start container process: exec: "/no/such": stat /no/such: no such file or directory'
)
GONE = "unable to get image 'x:1': Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?"
SAID = {
    "by version 1, of an engine's fault (recorded)": (
        "Creating abc-algo-1 ... \nCreating abc-algo-1 ... error\n\n"
        f"ERROR: for abc-algo-1  {NO_SPACE}\n\nERROR: for algo-1  {NO_SPACE}\n"
        "Encountered errors while bringing up the project.\n",
        NO_SPACE,
    ),
    "by version 1, of its file": (
        "ERROR: The Compose file './docker-compose.yaml' is invalid because:\nUnsupported option: 'x'\n",
        "The Compose file './docker-compose.yaml' is invalid because:",
    ),
    "by version 1, of an engine that is gone (recorded)": (
        'Traceback (most recent call last):\n  File "client.py", line 214, in _retrieve_server_version\n'
        "docker.errors.DockerException: Error while fetching server API version: ('Connection aborted.')\n",
        "docker.errors.DockerException: Error while fetching server API version: ('Connection aborted.')",
    ),
    "by version 2 (recorded)": (
        'time="2026-11-22T23:31:06Z" level=warning msg="/x/docker-compose.yaml: the attribute `version` is obsolete"\n'
        " Container abc-algo-1  Creating\n Container abc-algo-1  Created\n Container abc-algo-1  Starting\n"
        f"Error response from daemon: {NO_PROGRAM}\n",
        f"Error response from daemon: {NO_PROGRAM}",
    ),
    "by version 2, of an engine that is gone (recorded)": (f"{GONE}\n", GONE),
    "by nobody": ("", "Docker Compose failed and said nothing"),
}


@pytest.mark.parametrize("who", SAID)
def test_the_fault_as_it_was_told(who: str) -> None:
    said, fault = SAID[who]
    assert fault_of(said) == fault


REFUSED = APIError("500", SimpleNamespace(status_code=500), "no space left on device")
FAILURES = {
    "a refusal": (REFUSED, "no space left on device"),
    "a file's": (
        OSError(errno.ENOSPC, "No space left on device", "/tmp/x"),
        "No space left on device: /tmp/x",
    ),
    "no file's": (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    "a lost connection": (NoConnection("refused\nmore"), "the Docker engine is gone (refused)"),
    "a reset": (
        ConnectionResetError(errno.ECONNRESET, "reset"),
        f"the Docker engine is gone ([Errno {errno.ECONNRESET}] reset)",
    ),
}


@pytest.mark.parametrize("what", FAILURES)
def test_an_engines_failure_in_a_line(what: str) -> None:
    error, line = FAILURES[what]
    assert told(error) == line
