"""The client's socket as gunicorn and the application see it: writing to it never waits for the client."""

from __future__ import annotations

import errno
import fcntl
import select
import socket
import struct
import termios
import threading
import time
from typing import TYPE_CHECKING, Any

from loopkit.worker.limits import ClientLimits

if TYPE_CHECKING:
    from typing_extensions import Buffer

PIECE_BYTES = 256 * 1024
# Bytes of an answer that wait for the client, beyond which the thread that produces more waits for it after all: only
# the download of the audit log is produced while it is sent.
MOST_BYTES_AHEAD = 32 * 1024 * 1024
# The threads of a process that may wait for such a client at a time.
waiting_threads = threading.BoundedSemaphore(1)
WAITS_IN_A_WINDOW = 10
# What the kernel may hold of the answers of one connection, which it doubles for its own use. It would take megabytes,
# that no bound counts, and the next requests of a client that reads nothing would be answered, too.
KERNEL_BYTES = 128 * 1024
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: https://man7.org/linux/man-pages/man7/socket.7.html


class AnswerSocket(socket.socket):
    """
    A non-blocking socket that collects what is written, and sends it as far as the kernel takes it.

    It is the request's `environ["gunicorn.socket"]`, which is kept: poll reports POLLRDHUP once the client has gone, or
    has only shut down its sending half, which few do.
    """

    def __init__(self, accepted: socket.socket, limits: ClientLimits) -> None:
        family, kind, proto = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, proto, fileno=accepted.detach())
        super().setblocking(False)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self.pending = bytearray()
        self.arrived_at = self.held_until = 0.0  # when the request was whole; until when its answer is held
        self._limits = limits
        self._sent = 0  # bytes that the kernel took
        self._wait_ends = self._goal = 0.0

    def sendall(self, data: Buffer, flags: int = 0) -> None:
        """Take the data; it is sent together with what follows it. Raises BrokenPipeError as `_wait` does."""
        if len(self.pending) > MOST_BYTES_AHEAD:
            self._wait()
        self.pending += data
        if len(self.pending) >= PIECE_BYTES:
            self.flush()

    def send(self, data: Buffer, flags: int = 0) -> int:
        """Take the data, all of it; its size."""
        self.sendall(data)
        return len(memoryview(data))

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Take a part of a file, as `socket.sendfile` does; its size."""
        file.seek(offset)
        left = count
        while left != 0 and (piece := file.read(PIECE_BYTES if left is None else min(left, PIECE_BYTES))):
            self.sendall(piece)
            left = None if left is None else left - len(piece)
        return int(file.tell()) - offset

    def hold(self, seconds: float) -> None:
        """Send nothing for so many seconds: a client that is refused cannot ask again sooner, and no thread waits."""
        self.held_until = time.monotonic() + seconds

    def is_held(self) -> bool:
        """Whether nothing is sent yet."""
        return time.monotonic() < self.held_until

    def flush(self) -> int:
        """Send what the kernel takes now; how many bytes that was. Raises OSError if the client has gone."""
        sent = 0
        while self.pending and not self.is_held():
            try:
                count = super().send(memoryview(self.pending)[:PIECE_BYTES])
            except BlockingIOError:
                break
            del self.pending[:count]
            sent += count
        self._sent += sent
        return sent

    def taken_bytes(self) -> int:
        """
        Bytes of all answers that the client's side has acknowledged: the kernel takes megabytes ahead of a slow client.

        https://man7.org/linux/man-pages/man7/tcp.7.html (SIOCOUTQ, which is TIOCOUTQ)
        """
        (queued,) = struct.unpack("i", fcntl.ioctl(self, termios.TIOCOUTQ, bytes(4)))
        return self._sent - int(queued)

    # Gunicorn calls these from the request's thread. The socket stays non-blocking and open: the poller closes it, once
    # the answer was taken.

    def setblocking(self, flag: bool) -> None:
        """Change nothing."""

    def settimeout(self, value: float | None) -> None:
        """Change nothing."""

    def shutdown(self, how: int) -> None:
        """Change nothing."""

    def close(self) -> None:
        """Change nothing."""

    def say_last(self) -> None:
        """Tell the client that nothing more will be sent. Raises OSError if the client has gone."""
        super().shutdown(socket.SHUT_WR)

    def end(self) -> None:
        """
        Close the socket. The client of an answer that is cut short gets a reset, which it cannot take for its end, and
        the kernel frees what it would still send.
        """
        if self.pending:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.pending.clear()
        super().close()

    def _wait(self) -> None:
        """
        Wait until less is pending. Raises BrokenPipeError if the client takes less than `window_bytes` in each
        `stall_seconds`, or while another thread of the process waits in the same way.
        """
        if not waiting_threads.acquire(blocking=False):
            raise BrokenPipeError(errno.EPIPE, "another thread waits for a client already")
        try:
            poll = select.poll()
            poll.register(self, select.POLLOUT)
            while len(self.pending) > MOST_BYTES_AHEAD:
                self._check_pace(time.monotonic())
                poll.poll(self._limits.stall_seconds * 1000 / WAITS_IN_A_WINDOW)
                self.flush()
        finally:
            waiting_threads.release()

    def _check_pace(self, now: float) -> None:
        """Begin the next window where one is over. Raises BrokenPipeError if the client took too little in it."""
        if now < self._wait_ends:
            return
        taken = self.taken_bytes()
        if taken < self._goal:
            raise BrokenPipeError(errno.EPIPE, "the client reads its answer too slowly")
        self._wait_ends, self._goal = now + self._limits.stall_seconds, taken + self._limits.window_bytes
