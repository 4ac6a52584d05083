"""What goes in and out of a container without a network: the relay, between sockets of this machine's."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

# The program, with folders and a port of the test's. What nobody holds is gone soon, as it is sooner or later.
PROGRAM = """
import asyncio, gc, sys, threading, time
def collect():
    while True:
        time.sleep(0.01)
        gc.collect()
threading.Thread(target=collect, daemon=True).start()
from images.link import program
program.GATEWAY, program.INWARD, program.SERVING = sys.argv[1], sys.argv[2], int(sys.argv[3])
asyncio.run(program.main(int(sys.argv[4])))
"""
# It looks for the gateway once a second.
SOON = 5.0


class Server:
    """Takes all that comes, to its end, and only then answers, with the same backwards."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=_answer, args=self._listener.accept()[:1], daemon=True).start()

    def close(self) -> None:
        # close() alone leaves it to the thread that waits in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _answer(connection: socket.socket) -> None:
    # The relay looks whether somebody is there, and does not wait for an answer.
    with connection, suppress(OSError):
        question = everything(connection)
        time.sleep(0.05)
        connection.sendall(question[::-1])


class Link:
    """The relay, with a gateway behind it. `serving` is the port on which nothing listens yet."""

    def __init__(self, folder: Path) -> None:
        self.inward = folder / "inward.sock"
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            self.port, self.serving = one.getsockname()[1], other.getsockname()[1]
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / "gateway.sock"))
        listener.listen()
        self.gateway = Server(listener)
        words = [str(folder / "gateway.sock"), str(self.inward), str(self.serving), str(self.port)]
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], stderr=subprocess.PIPE)
        while not self.inward.exists() and self.process.poll() is None:
            time.sleep(0.01)

    def from_the_job(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SOON)

    def from_the_harness(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(SOON)
        connection.connect(str(self.inward))
        return connection


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    link = Link(tmp_path)
    yield link
    link.gateway.close()
    with link.process as process:
        process.kill()


def everything(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def asked(connection: socket.socket, question: bytes) -> bytes:
    with connection:
        connection.sendall(question)
        connection.shutdown(socket.SHUT_WR)
        return everything(connection)


def test_a_job_reaches_the_gateway_and_the_end_of_its_question_does_not_end_the_answer(link: Link) -> None:
    question = bytes(range(256)) * 20_000
    assert asked(link.from_the_job(), question) == question[::-1]


def test_the_harness_reaches_what_serves_in_the_container(link: Link) -> None:
    server = Server(socket.create_server(("127.0.0.1", link.serving)))
    assert asked(link.from_the_harness(), b"rows") == b"swor"
    server.close()


def test_where_nothing_serves_yet_the_connection_ends_at_once(link: Link) -> None:
    begun = time.monotonic()
    with link.from_the_harness() as connection:
        assert everything(connection) == b""
    assert time.monotonic() - begun < 1


def test_a_hundred_connections_at_once_are_all_answered(link: Link) -> None:
    connections = [link.from_the_job() for _ in range(100)]
    for number, connection in enumerate(connections):
        connection.sendall(b"%d" % number)
        connection.shutdown(socket.SHUT_WR)
    assert [everything(connection)[::-1] for connection in connections] == [b"%d" % n for n in range(100)]
    for connection in connections:
        connection.close()


def test_its_socket_is_for_every_user_and_all_is_ready_once_it_is_there(link: Link) -> None:
    assert link.inward.stat().st_mode & 0o777 == 0o666
    link.from_the_job().close()


def test_sigterm_ends_it_at_once_though_connections_are_open(link: Link) -> None:
    with link.from_the_job():
        begun = time.monotonic()
        link.process.send_signal(signal.SIGTERM)
        assert link.process.wait(SOON) == 0
        assert time.monotonic() - begun < 1


def test_it_ends_by_itself_and_without_a_word_when_the_gateway_is_gone(link: Link) -> None:
    link.gateway.close()
    assert link.process.wait(SOON) == 0
    assert link.process.stderr is not None
    assert link.process.stderr.read() == b""
