"""Clients that are slow on purpose, hundreds at once: each kind is one way to keep a server waiting."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "
POST = b"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
LARGE = b"GET /static/admin/js/vendor/jquery/jquery.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
MEGABYTE = b" " * 1024 * 1024
# What a client sends once, and what it sends again each second.
KINDS: dict[str, tuple[bytes, bytes]] = {
    "nothing sent": (b"", b""),
    "half a head": (HEAD, b""),
    "a head, a byte each second": (HEAD, b"a"),
    "half a body": (POST + b"Content-Length: 100000\r\n\r\n{", b""),
    "a body, a byte each second": (POST + b"Content-Length: 100000\r\n\r\n{", b" "),
    "chunks of a byte each second": (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"1\r\n \r\n"),
    "asks to continue, then nothing": (POST + b"Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n", b""),
    "a megabyte of 60": (POST + b"Content-Length: 60000000\r\n\r\n" + MEGABYTE, b""),
    "answers not read": (LARGE * 4, b""),
    "HTTP/1.0, not closed": (b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", b""),
    "kept open after an answer": (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b""),
}


class SlowCrowd:
    """So many connections of one kind, which a thread of its own opens and feeds."""

    def __init__(self, port: int, kind: str, count: int) -> None:
        self.port, self.count = port, count
        self.first, self.more = KINDS[kind]
        self.is_answered = self.first.endswith(b"\r\n\r\n") and self.first.startswith(b"GET")
        self.sockets: list[socket.socket] = []
        self.is_over = threading.Event()

    def open_all(self) -> None:
        """Connect all; each sends what it sends first, and the crowd is complete once it is sent and answered."""
        for _ in range(self.count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", self.port))
            client.setblocking(False)
            self.sockets.append(client)
        self.send_first()
        if self.is_answered:
            with selectors.DefaultSelector() as readable:
                for client in self.sockets:
                    readable.register(client, selectors.EVENT_READ)
                deadline = time.monotonic() + 60
                while len(readable.get_map()) and time.monotonic() < deadline:
                    for key, _ in readable.select(1):
                        readable.unregister(key.fileobj)

    def send_first(self) -> None:
        """Send what each sends first, as far as the server takes it."""
        unsent = {each: memoryview(self.first) for each in self.sockets if self.first}
        deadline = time.monotonic() + 20
        with selectors.DefaultSelector() as writable:
            for each in unsent:
                writable.register(each, selectors.EVENT_WRITE)
            while unsent and time.monotonic() < deadline and (ready := writable.select(1)):
                for key, _ in ready:
                    send_part(key.fileobj, unsent, writable)

    def keep_feeding(self) -> None:
        """Send what each sends every second, until the crowd leaves."""
        while not self.is_over.wait(1):
            for each in self.sockets if self.more else ():
                with suppress(OSError):
                    each.send(self.more)


def send_part(
    client: object, unsent: dict[socket.socket, memoryview], writable: selectors.BaseSelector
) -> None:
    """Send what one socket takes now; forget it once it has sent all, or was closed by the server."""
    assert isinstance(client, socket.socket)
    try:
        unsent[client] = unsent[client][client.send(unsent[client]) :]
    except BlockingIOError:
        return
    except OSError:
        unsent[client] = memoryview(b"")
    if not unsent[client]:
        del unsent[client]
        writable.unregister(client)


@contextmanager
def slow_crowd(port: int, kind: str, count: int) -> Iterator[SlowCrowd]:
    """The crowd is there while the block runs."""
    crowd = SlowCrowd(port, kind, count)
    feeding = threading.Thread(target=crowd.keep_feeding)
    try:
        crowd.open_all()
        feeding.start()
        yield crowd
    finally:
        crowd.is_over.set()
        if feeding.ident:
            feeding.join()
        for each in crowd.sockets:
            each.close()
