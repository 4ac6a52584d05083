"""`python -m outgoing -- COMMAND`: whatever a command sends anywhere but to loopback is told, and fails it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest

from tests.e2e.account import ROOT
from tests.e2e.desk import interrupt, read_until

CONNECT = "import socket; socket.create_connection(({!r}, 443), timeout=0.2)"
RESOLVE = "import socket; socket.getaddrinfo('sts.us-east-1.amazonaws.com', 443)"
LOOPBACK = """
import socket
for host in ("127.0.0.1", "::1", "localhost"):
    listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    socket.create_connection(listener.getsockname()[:2])
"""
# An empty tmpfs hides the device; only a root of some namespace may mount one.
WITHOUT_THE_DEVICE = (
    "unshare",
    "-rm" if os.getuid() else "-m",
    "sh",
    "-c",
    'mount -t tmpfs none /dev/net && exec "$@"',
    "sh",
)


# Asked without the tool, so that its faults are not taken for the machine's.
def can_record() -> bool:
    if not shutil.which("unshare") or not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return False
    flags = "-nm" if os.getuid() == 0 else "-rnm"
    return subprocess.run(["unshare", flags, "true"], check=False, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(
    not can_record(), reason="network namespaces, or TUN devices, are not permitted here"
)


def outgoing(*command: str, around: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    tool = [*around, sys.executable, "-m", "outgoing", "--", *command]
    return subprocess.run(tool, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_command_that_uses_loopback_alone_passes() -> None:
    result = outgoing(sys.executable, "-c", LOOPBACK)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "nothing left the machine: 0 packets\n"


@pytest.mark.parametrize("address", ["169.254.169.254", "192.0.2.99"])
def test_a_connection_is_told_with_its_destination_and_process(address: str) -> None:
    result = outgoing(sys.executable, "-c", f"try: {CONNECT.format(address)}\nexcept OSError: pass")
    assert result.returncode == 1
    assert "1 packet would have left the machine:" in result.stdout
    assert f"TCP {address}:443" in result.stdout
    assert f"{sys.executable} -c try: import socket" in result.stdout


def test_a_name_that_is_asked_for_is_told_also_of_a_grandchild() -> None:
    result = outgoing("sh", "-c", f'{sys.executable} -c "{RESOLVE}"; true')
    assert result.returncode == 1, result.stderr
    assert "UDP 192.0.2.53:53  sts.us-east-1.amazonaws.com" in result.stdout


def test_a_command_that_fails_keeps_its_status_and_its_output() -> None:
    result = outgoing("sh", "-c", "echo said; echo wrong >&2; exit 3")
    assert (result.returncode, result.stderr) == (3, "wrong\n")
    assert result.stdout == "said\nnothing left the machine: 0 packets\n"


def test_a_command_that_a_signal_ends_has_the_shells_status_for_it() -> None:
    assert outgoing("sh", "-c", "kill -9 $$").returncode == 128 + 9


def test_an_interrupted_command_is_told_of_all_the_same() -> None:
    tool = [sys.executable, "-m", "outgoing", "--", "sh", "-c", "echo begun; sleep 60"]
    process = subprocess.Popen(tool, cwd=ROOT, stdout=subprocess.PIPE, text=True, process_group=0)
    read_until(process, "begun")
    assert interrupt(process)[0] == "nothing left the machine: 0 packets\n"
    assert process.returncode == 128 + signal.SIGINT


def test_it_can_be_recorded_while_it_is_recorded() -> None:
    assert (
        outgoing(sys.executable, "-m", "outgoing", "--", "true").stdout
        == "nothing left the machine: 0 packets\n" * 2
    )


def test_jobs_have_mount_namespaces_of_their_own_in_there() -> None:
    result = outgoing(sys.executable, "-c", "from harness.jobs.mounts import probe; print(probe())")
    assert "None" not in result.stdout


def test_without_the_device_one_line_says_why() -> None:
    result = outgoing("true", around=WITHOUT_THE_DEVICE)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "error: outgoing packets cannot be recorded here: No such file or directory: /dev/net/tun"
    )


def test_a_recorder_that_does_not_see_the_canary_proves_nothing() -> None:
    blind = "from outgoing import __main__, canary; canary.record = lambda *_: iter(()); " + (
        "raise SystemExit(__main__.main(['--', 'echo', 'ran']))"
    )
    result = subprocess.run(
        [sys.executable, "-c", blind], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert (
        "a canary went to 192.0.2.99, 2001:db8::99, canary.invalid, and the recorder did not see it"
        in result.stderr
    )


@pytest.mark.parametrize("arguments", [[], ["--"]])
def test_without_a_command_the_usage_is_told(arguments: list[str]) -> None:
    tool = [sys.executable, "-m", "outgoing", *arguments]
    result = subprocess.run(tool, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (2, "usage: python -m outgoing -- COMMAND [ARGUMENT...]\n")


def test_a_command_that_is_not_there_is_named() -> None:
    result = outgoing("no-such-command")
    assert (result.returncode, result.stderr) == (2, "error: no-such-command: No such file or directory\n")
