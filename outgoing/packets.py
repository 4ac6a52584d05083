"""What an IP packet says of where it was going. Pure: bytes in, plain data out."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

TCP, UDP, ICMP, IGMP, ICMP6 = 6, 17, 1, 2, 58
_NAMES = {TCP: "TCP", UDP: "UDP", ICMP: "ICMP", ICMP6: "ICMPv6"}

# Extension headers that may stand before the payload (RFC 8200): hop-by-hop, routing, fragment, destination.
_FRAGMENT = 44
_EXTENSIONS = {0, 43, _FRAGMENT, 60}

# What the kernel sends of itself for every device that is up: multicast listeners, routers, neighbours (RFC 2710, 3810,
# 4861). Echo requests and all else of ICMPv6 are programs'.
_CHATTER = {130, 131, 132, 133, 134, 135, 136, 137, 143}


@dataclass(frozen=True)
class Packet:
    """`asked` is the name that a DNS query over UDP asks for. Ports are 0 where the protocol has none.

    A query over TCP never comes to be asked, for nobody answers the connection: its SYN to port 53 is all there is.
    """

    protocol: str
    address: str
    port: int = 0
    source_port: int = 0
    asked: str = ""


def read(packet: bytes) -> Packet | None:
    """None for what the kernel sends unasked: IGMP, and ICMPv6's multicast listener, router and neighbour messages.

    Whatever cannot be read is still a packet that would have left, and is told as such.
    """
    try:
        protocol, address, payload = (_version_6 if packet[0] >> 4 == 6 else _version_4)(packet)
        if protocol == IGMP or (protocol == ICMP6 and payload[0] in _CHATTER):
            return None
        return _transport(protocol, address, payload)
    except (IndexError, ValueError, struct.error):
        return Packet("unreadable", packet[:40].hex() or "nothing")


def _version_4(packet: bytes) -> tuple[int, str, bytes]:
    if packet[0] >> 4 != 4:
        raise ValueError("neither IPv4 nor IPv6")
    words, fragment, protocol = packet[0] & 0xF, struct.unpack_from("!H", packet, 6)[0], packet[9]
    # Only the first fragment has the ports.
    payload = packet[words * 4 :] if not fragment & 0x1FFF else b""
    return protocol, str(ipaddress.IPv4Address(packet[16:20])), payload


def _version_6(packet: bytes) -> tuple[int, str, bytes]:
    protocol, payload = packet[6], packet[40:]
    address = str(ipaddress.IPv6Address(packet[24:40]))
    while protocol in _EXTENSIONS:
        if protocol == _FRAGMENT and struct.unpack_from("!H", payload, 2)[0] & 0xFFF8:
            return payload[0], address, b""
        length = 8 if protocol == _FRAGMENT else 8 + payload[1] * 8
        protocol, payload = payload[0], payload[length:]
    return protocol, address, payload


def _transport(protocol: int, address: str, payload: bytes) -> Packet:
    name = _NAMES.get(protocol, f"IP protocol {protocol}")
    if protocol not in (TCP, UDP) or not payload:
        return Packet(name, address)
    source, port = struct.unpack_from("!HH", payload)
    return Packet(name, address, port, source, _asked(payload[8:]) if (protocol, port) == (UDP, 53) else "")


def _asked(query: bytes) -> str:
    """The first question's name (RFC 1035, 4.1). Empty for what is no query."""
    labels, at = [], 12
    while at < len(query) and (length := query[at]):
        labels.append(query[at + 1 : at + 1 + length].decode(errors="backslashreplace"))
        at += 1 + length
    return ".".join(labels)
