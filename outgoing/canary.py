"""Before it is believed that nothing left: the recorder sees what does leave. A proof that cannot fail is none."""

from __future__ import annotations

import socket
import subprocess
import sys

from outgoing.device import families
from outgoing.recorder import record

NAME = "canary.invalid"
DESTINATIONS = {socket.AF_INET: "192.0.2.99", socket.AF_INET6: "2001:db8::99"}

# A program of its own, as the suspects are. The name goes last: its look-up waits for an answer.
PROGRAM = """
import contextlib, socket, sys
name, *addresses = sys.argv[1:]
for address in addresses:
    with contextlib.suppress(OSError):
        socket.create_connection((address, 443), timeout=0.1)
with contextlib.suppress(OSError):
    socket.getaddrinfo(name, 443)
"""


def unseen(device: int) -> set[str]:
    """What the canary tried to reach and was not recorded; empty as it should be."""
    addresses = [DESTINATIONS[family] for family in families()]
    missing = {NAME, *addresses}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, NAME, *addresses])
    for seen in record(device, process):
        missing -= {seen.packet.asked or seen.packet.address}
        if not missing:
            process.kill()
    process.wait()
    return missing
