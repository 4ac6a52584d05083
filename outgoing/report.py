"""What is told at the end. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from outgoing.packets import Packet
from outgoing.recorder import Sighting

HEAD = ("first at", "packets", "to", "asked for", "by")


def report(sightings: Sequence[Sighting]) -> list[str]:
    """Lines: how many packets, and a table of them by process and destination, in the order of the first of each."""
    if not sightings:
        return ["nothing left the machine: 0 packets"]
    groups: dict[tuple[str, Packet], list[datetime]] = {}
    for seen in sightings:
        # A program takes a new port of its own for each attempt.
        groups.setdefault((seen.process, replace(seen.packet, source_port=0)), []).append(seen.at)
    rows = [HEAD, *(_row(process, packet, times) for (process, packet), times in groups.items())]
    plural = "s" * (len(sightings) != 1)
    return [f"{len(sightings)} packet{plural} would have left the machine:", *_table(rows)]


def _row(process: str, packet: Packet, times: list[datetime]) -> tuple[str, ...]:
    address = f"[{packet.address}]" if ":" in packet.address else packet.address
    to = f"{packet.protocol} {address}{f':{packet.port}' if packet.port else ''}"
    return f"{times[0]:%H:%M:%S}", str(len(times)), to, packet.asked, process


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
