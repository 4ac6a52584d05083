"""The HTTP server on loopback: keep-alive connections, requests handled on threads, because boto3's world is
synchronous. The harness's own control calls live beside AWS's, under /_harness/."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn

from harness.model import CONTROL, HarnessError, HttpRequest, HttpResponse

Handle = Callable[[HttpRequest], HttpResponse]

# Calls that wait (a waiter's Describe, a journal's tail, an Invoke) hold a thread each.
_THREADS = 64


def listen(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A listening socket; `port` 0 takes a free one. Raises HarnessError where it is in use."""
    # The protocol is named because asyncio turns Nagle's delay off only where it sees TCP.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise HarnessError(
            f"port {port} is in use: stop what uses it (`harness down` if it is a harness), or choose another "
            "with --port"
        ) from error
    sock.listen(128)
    return sock


def listen_beside(path: Path) -> socket.socket:
    """A listening socket in the file system, for containers, which have no other way here. Raises HarnessError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        sock.bind(str(path))
    except OSError as error:
        raise HarnessError(
            f"{path} can't be a socket ({error}): set TMPDIR to a folder with a shorter name"
        ) from error
    sock.listen(128)
    return sock


def serve(handle: Handle, control: Handle) -> uvicorn.Server:
    """Makes the server; its `run` blocks until `should_exit` is set. Control calls are for this machine's people: a
    job's container, which comes in beside, may neither move the clock nor take policies away."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="request")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        request = await _read(scope, receive)
        chosen = handle
        if request.path.startswith(CONTROL):
            chosen = _refused if scope["client"] is None else control
        response = await asyncio.get_running_loop().run_in_executor(pool, _safely, chosen, request)
        await _write(response, send, request.method)

    config = uvicorn.Config(
        app, http="httptools", loop="asyncio", lifespan="off", log_level="warning", access_log=False,
        server_header=False, date_header=True, timeout_keep_alive=75, timeout_graceful_shutdown=2,
    )  # fmt: skip
    return uvicorn.Server(config)


def _refused(_: HttpRequest) -> HttpResponse:
    body = json.dumps({"error": "no control calls from containers"}).encode()
    return HttpResponse(403, {"content-type": "application/json"}, body)


def _safely(handle: Handle, request: HttpRequest) -> HttpResponse:
    """A fault of ours is AWS's InternalFailure to the caller, never a dropped connection."""
    try:
        return handle(request)
    except Exception as error:  # noqa: BLE001
        import traceback

        traceback.print_exc()
        body = json.dumps({"__type": "InternalFailure", "message": f"The harness failed: {error!r}"}).encode()
        return HttpResponse(500, {"content-type": "application/json"}, body)


async def _read(scope: Any, receive: Any) -> HttpRequest:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
    return HttpRequest(
        scope["method"], path, scope["query_string"].decode("latin-1"), headers, b"".join(chunks)
    )


async def _write(response: HttpResponse, send: Any, method: str) -> None:
    headers = [
        (k.lower().encode("latin-1"), v.encode("latin-1", "replace")) for k, v in response.headers.items()
    ]
    if not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})
