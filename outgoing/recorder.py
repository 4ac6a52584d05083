"""What a process, and all that it starts, sends: when, which process, where to."""

from __future__ import annotations

import os
import select
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import psutil

from outgoing.packets import Packet, read


@dataclass(frozen=True)
class Sighting:
    """A packet that would have left the machine, by the machine's clock."""

    at: datetime
    process: str
    packet: Packet


def record(device: int, process: subprocess.Popen[bytes]) -> Iterator[Sighting]:
    """Every packet until the process has ended, as it is seen, but for the kernel's own.

    Reads to the end of what was in the device when the process ended: a packet is there before send() returns.
    """
    sender = cache(_sender)
    for raw in _packets(device, process):
        if packet := read(raw):
            yield Sighting(datetime.now(), sender(packet), packet)


def _packets(device: int, process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    ended = os.pidfd_open(process.pid)
    try:
        while ready := select.select([device, ended], [], [])[0]:
            if device not in ready:
                return
            yield os.read(device, 0xFFFF)
    finally:
        os.close(ended)


def _sender(packet: Packet) -> str:
    """Whose socket it is, by /proc: best effort, for a process may be gone, or share its socket with others."""
    kind = packet.protocol.lower()
    for socket in psutil.net_connections(kind) if kind in ("tcp", "udp") else ():
        ours = socket.laddr and socket.laddr.port == packet.source_port
        if ours and socket.pid and (not socket.raddr or socket.raddr.port == packet.port):
            return _described(socket.pid)
    return "a process that is not known"


def _described(pid: int) -> str:
    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        words = ["gone since"]
    return f"{textwrap.shorten(' '.join(words), 160, placeholder=' …')} (process {pid})"
