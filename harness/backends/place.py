"""Where a backend is. A local run cannot touch AWS: only this machine and private networks will do."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from harness.model import HarnessError


def checked(url: str) -> str:
    """`http://HOST:PORT`. Raises HarnessError where it is no such URL, or leads to a public address."""
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (KeyError, ValueError):
        raise _mistaken(url) from None
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise _mistaken(url)
    public = [a for a in _addresses(url, parts.hostname, port) if not _is_ours(a)]
    if public:
        raise HarnessError(
            f"--backend: {url} leads to {public[0]}, a public address: a backend has to be on this machine or in a"
            " private network, for a local run must not reach AWS"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _mistaken(url: str) -> HarnessError:
    return HarnessError(f"--backend: {url!r} is not a URL like http://127.0.0.1:4566")


def _addresses(url: str, host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HarnessError(f"--backend: {url}: the host's name cannot be looked up: {error}") from error
    return [str(address[0]) for *_, address in found]


def _is_ours(address: str) -> bool:
    """Link-local ones are not: cloud machines' metadata services are there."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip  # an IPv4 address in IPv6's form is private whatever it is
    return ip.is_loopback or (ip.is_private and not ip.is_link_local and not ip.is_unspecified)
