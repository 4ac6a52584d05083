"""docker-compose.yml: each harness that it brings up is used from this machine, and from nowhere else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from tests.docker.compose import ROOT, Compose, kept_apart

FILE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
BACKENDS = {"harness": None, "harness-moto": "moto", "harness-localstack": "localstack"}


@pytest.fixture(scope="module", params=BACKENDS)
def service(request: pytest.FixtureRequest, compose: Compose) -> Iterator[str]:
    """A harness that is up, and healthy."""
    backend = BACKENDS[request.param]
    if backend:
        if kept_apart():
            pytest.skip(
                "the packet filter drops what is forwarded (`iptables -S FORWARD`), and this engine changes none"
            )
        request.getfixturevalue(backend)
    try:
        compose.up(request.param)
        yield request.param
    finally:
        compose.down()


def port_of(service: str, compose: Compose) -> str:
    (variable,) = re.findall(r"\$\{(\w+):-\d+\}", FILE[service]["environment"]["PORT"])
    return compose.variables[variable]


def test_every_image_of_others_has_a_version_and_motos_is_ours() -> None:
    names = {
        name: re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", FILE[name]["image"]) for name in ("moto", "localstack")
    }
    assert names["moto"] == f"motoserver/moto:{version('moto')}"
    assert re.fullmatch(r"localstack/localstack:\d+\.\d+\.\d+", names["localstack"])


def test_only_this_machine_reaches_it(service: str, compose: Compose) -> None:
    needs = [service, *FILE[service].get("depends_on", {})]
    bindings = [
        (name, port)
        for name in needs
        for ports in compose.inspect(name)["NetworkSettings"]["Ports"].values()
        for port in ports or ()
    ]
    assert {name for name, _ in bindings} == set(needs)
    assert {port["HostIp"] for _, port in bindings} == {"127.0.0.1"}


def test_it_has_no_privilege_and_writes_nowhere_but_into_memory(service: str, compose: Compose) -> None:
    status = compose("exec", "-T", service, "cat", "/proc/self/status")
    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    assert compose("exec", "-T", service, "id", "-u").strip() == "1000"
    assert compose.inspect(service)["HostConfig"]["ReadonlyRootfs"]
    assert [mount["Type"] for mount in compose.inspect(service)["Mounts"]] in ([], ["tmpfs", "tmpfs"])


def harness(*arguments: str, at: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A command of this machine's on the harness at the endpoint."""
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments],
        cwd=ROOT,
        env={**os.environ, "HARNESS_ENDPOINT": at, "HARNESS_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_scenario_of_this_machines_runs_on_it(service: str, compose: Compose, tmp_path: Path) -> None:
    ran = harness("scenario", "clean", at=f"http://127.0.0.1:{port_of(service, compose)}", home=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr + compose("logs", service)
    assert "nothing is left in any account" in ran.stdout
    assert "✓ clean: 7 moments" in ran.stdout


def test_other_commands_find_it_and_say_how_it_is_ended(
    service: str, compose: Compose, tmp_path: Path
) -> None:
    endpoint = f"http://localhost:{port_of(service, compose)}"
    assert harness("clock", at=endpoint, home=tmp_path).stdout.endswith(" UTC\n")
    refused = harness("down", at=endpoint, home=tmp_path)
    assert refused.returncode == 1
    assert "ends as it was started: with `docker compose down`" in refused.stderr


def test_down_leaves_nothing(service: str, compose: Compose) -> None:
    assert compose.left("container")
    compose.down()
    assert [compose.left(kind) for kind in ("container", "network", "volume")] == [[], [], []]
