"""The one way out of this process' network namespace: a TUN device with the default routes, and loopback beside it.

Spoken to by rtnetlink(7), so that no tool has to be installed.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import socket
import struct

TUN = "/dev/net/tun"
NAME = "out0"
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI, IFF_UP = 0x1, 0x1000, 0x1
NEWLINK, NEWADDR, NEWROUTE, NEWQDISC = 16, 20, 24, 36
REQUEST, ACK, CREATE = 0x1, 0x4, 0x400
IFA_ADDRESS, IFA_LOCAL, RTA_OIF, TCA_KIND = 1, 2, 4, 1
MAIN_TABLE, BOOT, LINK_SCOPE, UNICAST = 254, 3, 253, 1
ROOT_OF_QUEUES = 0xFFFFFFFF

# Of the ranges that are for documentation only (RFC 5737, 3849): no program means these.
ADDRESSES = {socket.AF_INET: "198.51.100.254", socket.AF_INET6: "2001:db8::ffff:ffff"}


def opened() -> int:
    """The device's descriptor: each read is one IP packet that would have left the machine, without link header.

    Raises OSError where there is no /dev/net/tun, or it may not be opened.
    """
    device = os.open(TUN, os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", NAME.encode(), IFF_TUN | IFF_NO_PI))
    _up("lo")
    _up(NAME)
    _no_queue()
    for family in families():
        _address(family)
        _default_route(family)
    return device


def families() -> list[socket.AddressFamily]:
    """IPv4, and IPv6 where the kernel has it; where it has not, no program can use it either."""
    six = [socket.AF_INET6] if os.path.exists("/proc/net/if_inet6") else []
    return [socket.AF_INET, *six]


def _up(name: str) -> None:
    _ask(NEWLINK, struct.pack("=BxHiII", 0, 0, socket.if_nametoindex(name), IFF_UP, IFF_UP), {})


def _no_queue() -> None:
    """send() puts a packet into the device itself. From a queue before it another processor might take it, later."""
    body = struct.pack("=BxxxiIII", 0, socket.if_nametoindex(NAME), 0, ROOT_OF_QUEUES, 0)
    _ask(NEWQDISC, body, {TCA_KIND: b"noqueue\0"})


def _address(family: socket.AddressFamily) -> None:
    address = ipaddress.ip_address(ADDRESSES[family])
    body = struct.pack("=BBBBI", family, address.max_prefixlen, 0, 0, socket.if_nametoindex(NAME))
    _ask(NEWADDR, body, {IFA_LOCAL: address.packed, IFA_ADDRESS: address.packed})


def _default_route(family: socket.AddressFamily) -> None:
    body = struct.pack("=8BI", family, 0, 0, 0, MAIN_TABLE, BOOT, LINK_SCOPE, UNICAST, 0)
    _ask(NEWROUTE, body, {RTA_OIF: struct.pack("=i", socket.if_nametoindex(NAME))})


def _ask(kind: int, body: bytes, attributes: dict[int, bytes]) -> None:
    """One request of the kernel's, and its answer: nlmsgerr with 0, or with the negated errno."""
    tail = b"".join(struct.pack("=HH", 4 + len(value), key) + value for key, value in attributes.items())
    head = struct.pack("=IHHII", 16 + len(body) + len(tail), kind, REQUEST | ACK | CREATE, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.send(head + body + tail)
        error = -struct.unpack_from("=i", kernel.recv(4096), 16)[0]
    if error:
        raise OSError(error, f"setting up {NAME}: {os.strerror(error)}")
