"""A container reaches the gateway and nothing else, and has nothing of the machine's."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from harness.jobs.docker.engine import FOLDER, JOB, OWNER
from harness.model import Json
from harness.stack import Stack
from tests.docker.runner.work import Work

# What a job tells of where it is: a line of JSON. Its arguments are files, then `--`, then addresses to connect to.
PROBE = """
import json, os, socket, sys
from pathlib import Path
split = sys.argv.index("--")
files, addresses = sys.argv[1:split], sys.argv[split + 1:]
def connects(address):
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 2).close()
    except OSError as error:
        return str(error)
    return "connected"
def resolves(name):
    try:
        return socket.getaddrinfo(name, 80)[0][4][0]
    except OSError:
        return ""
def up(name):
    return int(Path("/sys/class/net", name, "flags").read_text(), 16) & 1
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps({
    "connected": {address: connects(address) for address in addresses},
    "resolved": {name: resolves(name) for name in ("example.com", "sts.amazonaws.com", "host.docker.internal")},
    "interfaces": [name for name in os.listdir("/sys/class/net") if up(name)],
    "routes": Path("/proc/net/route").read_text().splitlines()[1:],
    "files": [file for file in files if os.path.exists(file)],
    "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
    "capabilities": int(status["CapEff"], 16),
}))
"""
CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_SYS_PTRACE = 12, 21, 19
# Where cloud providers keep a machine's credentials, the usual addresses of Docker's bridge, and a host that answers.
ELSEWHERE = ("169.254.169.254:80", "172.17.0.1:22", "8.8.8.8:53", "127.0.0.1:8080", "127.0.0.1:22")


@pytest.fixture(scope="module")
def listeners() -> Iterator[list[str]]:
    """Servers of this machine's that a container must not reach, by every address that they have."""
    ports = []
    with socket.socket() as loopback, socket.socket() as everywhere:
        for sock, host in ((loopback, "127.0.0.1"), (everywhere, "0.0.0.0")):
            sock.bind((host, 0))
            sock.listen()
            ports.append(sock.getsockname()[1])
        own = [f"{address}:{ports[1]}" for address in machines_addresses()]
        yield [f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}", *own]


def machines_addresses() -> set[str]:
    found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    return {str(address[0]) for *_, address in found}


@pytest.fixture(scope="module")
def neighbour(dev: Work) -> Iterator[str]:
    """A job that serves on port 8080, as long as others look for it."""
    name = dev.create(
        "import http.server as h; s = h.HTTPServer(('', 8080), h.BaseHTTPRequestHandler); "
        "print('serving', flush=True); s.serve_forever()"
    )
    dev.until_logged(name, "serving")
    yield name
    dev.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    dev.ended(name)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("machine") / "secret"
    file.write_text("of this machine")
    return file


@pytest.fixture(scope="module")
def told(dev: Work, gateway: Stack, listeners: list[str], neighbour: str, here: Path) -> Json:
    files = ["/var/run/docker.sock", "/gateway", "/link", "/work", str(gateway.folder), str(here)]
    addresses = [gateway.endpoint.removeprefix("http://"), *ELSEWHERE, *listeners]
    script = dev.put("isolation/probe.py", PROBE)
    done = dev.process(
        AppSpecification={
            **dev.processing_request()["AppSpecification"],
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/probe.py"],
            "ContainerArguments": [*files, "--", *addresses],
        },
        ProcessingInputs=[dev.input(script, "code")],
    )
    assert done["ProcessingJobStatus"] == "Completed", done
    dev.until_logged(done["ProcessingJobName"], "{")
    found: Json = json.loads(dev.output_of(done["ProcessingJobName"]))
    return found


def test_a_job_reaches_the_gateway_and_nothing_else(told: Json, gateway: Stack) -> None:
    connected = [address for address, what in told["connected"].items() if what == "connected"]
    assert connected == [gateway.endpoint.removeprefix("http://")]


def test_no_name_resolves_in_a_job(told: Json) -> None:
    assert set(told["resolved"].values()) == {""}


def test_a_job_has_no_interface_but_loopback_and_no_way_out(told: Json) -> None:
    assert (told["interfaces"], told["routes"]) == (["lo"], [])


def test_a_job_sees_no_file_of_the_machine(told: Json) -> None:
    assert told["files"] == []


def test_a_job_sees_no_process_but_its_own(told: Json) -> None:
    assert told["processes"] <= 2  # the container's first one, and it


@pytest.mark.parametrize("capability", [CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_SYS_PTRACE])
def test_a_job_may_not_change_the_machine(told: Json, capability: int) -> None:
    assert not told["capabilities"] >> capability & 1


# As the engine has it


@pytest.fixture
def containers(client: docker.DockerClient, gateway: Stack, neighbour: str) -> list[Any]:
    found: list[Any] = client.containers.list(filters={"label": f"{FOLDER}={gateway.folder}"})
    assert {neighbour, "link"} <= {container.labels[JOB] for container in found}
    return found


def test_each_container_says_whose_it_is(containers: list[Any], gateway: Stack) -> None:
    for container in containers:
        assert container.labels[FOLDER] == str(gateway.folder)
        assert container.labels[OWNER].split(":")[0] == str(gateway.pid)


def test_no_container_is_privileged_or_has_more_than_its_harness_s_files(
    containers: list[Any], gateway: Stack
) -> None:
    for container in containers:
        told = container.attrs["HostConfig"]
        assert (told["Privileged"], told["CapAdd"], told["Devices"] or []) == (False, None, [])
        assert (told["PidMode"], told["IpcMode"], told["PortBindings"] or {}) == ("", "private", {})
        for mount in container.attrs["Mounts"]:
            assert Path(mount["Source"]).is_relative_to(gateway.folder)


def test_a_job_s_network_is_its_relay_s_which_has_none(containers: list[Any], neighbour: str) -> None:
    modes = {c.labels[JOB]: c.attrs["HostConfig"]["NetworkMode"] for c in containers}
    relays = {f"container:{c.id}" for c in containers if c.labels[JOB] == "link"}
    assert modes["link"] == "none"
    assert modes[neighbour] in relays


def test_no_network_is_made(client: docker.DockerClient, containers: list[Any]) -> None:
    names = {network.name for network in client.networks.list()}
    assert not {name for name in names if "sagemaker-local" in name or "algo-1" in name}


def test_a_job_that_floods_its_gateway_leaves_it_standing(dev: Work, gateway: Stack) -> None:
    host, port = gateway.endpoint.removeprefix("http://").split(":")
    script = f"import socket; x = [socket.create_connection(('{host}', {port})) for _ in range(500)]; print(len(x))"
    told = dev.run(script)
    dev.until_logged(told["ProcessingJobName"], "500")
    assert gateway.client.status()["pid"] == gateway.pid
