"""A request as moto reads one: its router and parsers (the gateway's) and its handlers (the backend's) take this."""

from __future__ import annotations

from moto.core.request import Request

from harness.model import HttpRequest


def to_werkzeug(request: HttpRequest, host: str = "") -> Request:
    """`host` replaces the one that the request came to."""
    where = host or request.headers.get("host", "127.0.0.1")
    target = request.path + (f"?{request.query}" if request.query else "")
    made = Request.from_primitives(request.method, f"http://{where}{target}", request.headers, request.body)
    made.environ["RAW_URI"] = target
    return made
