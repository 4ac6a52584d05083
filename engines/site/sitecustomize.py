"""Python imports this at the start of LocalStack: it asks for no names, of which its maker's are the first."""

from __future__ import annotations

import socket
from typing import Any

_getaddrinfo = socket.getaddrinfo
LOOPBACK = (None, "", "localhost", b"localhost")


def getaddrinfo(
    host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[tuple[Any, ...]]:
    """As ever for this machine and for addresses; socket.gaierror, as of a name that nobody has, for all others."""
    own = 0 if host in LOOPBACK else socket.AI_NUMERICHOST
    return _getaddrinfo(host, port, family, type, proto, flags | own)


def gethostbyname(host: str) -> str:
    return str(getaddrinfo(host, None, socket.AF_INET)[0][4][0])


socket.getaddrinfo = getaddrinfo
socket.gethostbyname = gethostbyname
