"""What engines need of the machine: what is there is used, and what is missing is named."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engines import localstack, localstack_venv, machine
from engines.model import Impossible


def test_a_program_that_is_there_is_enough() -> None:
    machine.need("sh")


@pytest.mark.parametrize("ci", ["", "false"])
def test_nobodys_own_machine_is_changed(ci: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Impossible, match=r"^debootstrap is not installed \(package debootstrap\)$"):
        machine.need("debootstrap", {"CI": ci})


def test_a_ci_servers_machine_gets_what_is_missing_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text(
        f"#!/bin/sh\necho $* >> {tmp_path}/asked\n"
        f"case $* in *install*) for p in dockerd debootstrap; do cp $0 {tmp_path}/$p; done;; esac\n"
    )
    apt.chmod(0o755)
    for name in ("cp", "unshare", "docker-compose"):
        (tmp_path / name).symlink_to("/bin/cp")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine, "root", lambda: True)
    machine._install.cache_clear()
    machine.need("dockerd", {"CI": "true"})
    machine.need("debootstrap", {"CI": "true"})
    assert (tmp_path / "asked").read_text().splitlines() == [
        "-qq update",
        "-qq install --yes --no-install-recommends docker.io debootstrap",
    ]


def test_a_python_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    monkeypatch.setattr(localstack_venv, "LOCK", lock)
    monkeypatch.setattr(localstack_venv, "HOUSE", tmp_path)
    monkeypatch.setattr(localstack_venv, "VERSION", "3.99")
    with pytest.raises(
        Impossible, match=r"^LocalStack needs Python 3.99, and there is none on this machine$"
    ):
        localstack_venv.installed()
    assert list(tmp_path.iterdir()) == [lock]


def test_localstack_has_nothing_of_ours_in_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    surroundings = localstack._environment(tmp_path, 4566)
    assert not [name for name in surroundings if name.startswith("AWS_")]
    assert surroundings["HOME"] == surroundings["FILESYSTEM_ROOT"] == str(tmp_path)


def test_its_address_is_this_machines_loopback_and_no_other_interface() -> None:
    host = localstack._environment(Path("/x"), 0)["GATEWAY_LISTEN"].partition("]")[0].removeprefix("[")
    with socket.create_server((host, 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        socket.create_connection(("127.0.0.1", server.getsockname()[1])).close()
        assert server.getsockname()[0] == "::ffff:127.0.0.1"


@pytest.mark.parametrize(
    "look_up", ["getaddrinfo(name, 80)", "gethostbyname(name)", "create_connection((name, 9))"]
)
def test_localstack_asks_for_no_name_but_this_machines(look_up: str) -> None:
    def error(name: str) -> str:
        program = f"import socket; name = {name!r}; socket.{look_up}"
        command = [sys.executable, "-c", program]
        done = subprocess.run(
            command, env={"PYTHONPATH": str(localstack.SITE)}, stderr=subprocess.PIPE, text=True, timeout=20
        )
        return done.stderr

    # As of a name that nobody has, and at once; a resolver that is asked says something else, and later.
    assert "socket.gaierror: [Errno -2] Name or service not known" in error("localhost.localstack.cloud")
    assert "gaierror" not in error("localhost")
    assert "gaierror" not in error("127.0.0.1")
