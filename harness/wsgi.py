"""A request as moto reads one: its routers (the gateway's) and its handlers (the backend's) take this."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import unquote_to_bytes

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    Request,
    environ_key_for_header,
    should_preserve_original_header_name,
)

from harness.model import HttpRequest


def to_werkzeug(request: HttpRequest, host: str = "", body: bytes | None = None) -> Request:
    """`host` replaces the one that the request came to, `body` its body.

    What moto's Request.from_primitives makes, without taking the URL apart again: a tenth of its time.
    """
    content = request.body if body is None else body
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # WSGI's way: the decoded bytes, each as a character.
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "RAW_URI": request.path + (f"?{request.query}" if request.query else ""),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    # The body is whole by now, whatever pieces it came in.
    kept = {name: value for name, value in request.headers.items() if name != "transfer-encoding"}
    environ |= {environ_key_for_header(name): value for name, value in kept.items()}
    environ["HTTP_HOST"] = host or request.headers.get("host", "127.0.0.1")
    environ["CONTENT_LENGTH"] = str(len(content))
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = {
        environ_key_for_header(name): name for name in kept if should_preserve_original_header_name(name)
    }
    return Request(environ)
