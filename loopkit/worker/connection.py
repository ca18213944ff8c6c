"""One client's connection: what it is doing, until when, and what it holds meanwhile."""

from __future__ import annotations

import enum
import math
import socket
import time
from typing import Any

from gunicorn.http.message import Request

from loopkit.http.client_connection import has_left
from loopkit.worker.answer_socket import AnswerSocket
from loopkit.worker.limits import LINGER_SECONDS, LONGEST_LINGER_SECONDS, ClientLimits
from loopkit.worker.reception import Reception


class Phase(enum.Enum):
    """What a connection is doing."""

    IDLE = "no byte of the next request is here"
    HEAD = "the head of a request is being received"
    BODY = "its body is being received"
    WORKING = "a thread has the request, or it waits for one"
    ANSWERING = "the client takes what is left of the answer"
    CLOSING = "the last answer is sent; what the client still sends is thrown away"
    CLOSED = "the socket is closed"


class Connection:
    """A connection. Its state is changed by the poller only; a thread has no more of it than request and socket."""

    # For gunicorn's ThreadWorker.handle, which takes connections whose request must still be read.
    initialized, data_ready, is_http2 = True, True, False

    def __init__(
        self, cfg: Any, accepted: socket.socket, client: Any, server: Any, limits: ClientLimits
    ) -> None:
        self.sock, self.client, self.server = AnswerSocket(accepted, limits), client, server
        self.watched = 0  # the selector's events
        self.counted_bytes = 0  # of the process's buffer
        self.stays_open = False  # after the answer
        self.last_moment = math.inf  # of a connection of a process that stops
        self._cfg, self._limits = cfg, limits
        self._requests = self._moved = 0
        self.begin_request(limits.header_seconds)

    @property
    def parser(self) -> Connection:
        """Stands for gunicorn's parser: an iterator of requests, each of which is here already."""
        return self

    def __next__(self) -> Request:
        return self.reception.finished_request()

    def init(self) -> None:
        """Gunicorn calls this where it would wait for a handshake."""

    def finish_body(self, deadline: float | None = None) -> bool:
        """Whether the next request's beginning is known. What the application did not read is not looked at."""
        return self.reception.is_whole

    def begin_request(self, seconds: float) -> None:
        """Wait so many seconds for the next request."""
        self._requests += 1
        self.phase, self.deadline = Phase.IDLE, time.monotonic() + seconds
        self._claims = [self._requests]
        self.reception = Reception(self._cfg, self.client, self._requests, self._limits.max_body_bytes)

    def claim(self) -> bool:
        """Whether nobody has decided yet on the request: a thread that would answer it, or the poller to give it up."""
        try:
            return bool(self._claims.pop())
        except IndexError:
            return False

    def give_up_if_gone(self) -> None:
        """
        Free what the request holds if its client has gone before a thread took it; none will answer it.

        Called where all threads are busy alone: a client that has only shut down its sending half looks the same.
        """
        if has_left(self.sock) and self.claim():
            self.reception.drop_all()

    def receive(self, data: bytes) -> None:
        """Take bytes of a request. Raises gunicorn's ParseException for a malformed head."""
        now = time.monotonic()
        if self.phase is Phase.IDLE:
            self.phase, self.deadline = Phase.HEAD, now + self._limits.header_seconds
        self.reception.receive(data)
        if self.phase is Phase.BODY:
            self._moved += len(data)
        elif self.reception.request is not None:
            self.phase, self._moved = Phase.BODY, 0
            self._begin_window(now)

    def begin_answer(self) -> None:
        """Let the client take the rest of the answer."""
        self.phase = Phase.ANSWERING
        self.reception.drop()
        if self.sock.pending:
            self._begin_window(time.monotonic())

    def send_more(self) -> bool:
        """Send what the client takes now; whether all of it is gone. Raises OSError if the client is gone."""
        self.sock.flush()
        return not self.sock.pending

    def begin_close(self) -> None:
        """
        Say that no more will be sent, and wait for the client to close, since closing first could destroy the answer.

        https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        self.sock.say_last()
        now = time.monotonic()
        self.phase, self.deadline = Phase.CLOSING, now + LINGER_SECONDS
        self.last_moment, self._moved = now + LONGEST_LINGER_SECONDS, 0
        self.reception.drop_all()

    def close(self) -> None:
        """Close the socket, and free what is held."""
        self.sock.end()
        self.phase = Phase.CLOSED
        self.reception.drop_all()

    def discard(self, data: bytes) -> bool:
        """Throw away what the client still sends; whether it may go on."""
        self._moved += len(data)
        self.deadline = time.monotonic() + LINGER_SECONDS
        return bool(data) and self._moved <= self._limits.max_body_bytes

    def is_over(self, now: float) -> bool:
        """Whether the client had its time. A body or an answer that moved fast enough gets another period."""
        if now < min(self.deadline, self.last_moment):
            return False
        if (
            self.phase in {Phase.BODY, Phase.ANSWERING}
            and self._progress() >= self._goal
            and now < self.last_moment
        ):
            self._begin_window(now)
            return False
        return True

    def held_bytes(self) -> int:
        """Bytes that the connection takes in memory."""
        return self.reception.held_bytes + len(self.sock.pending)

    def _begin_window(self, now: float) -> None:
        """Give the client another period, in which it must move so many bytes."""
        self.deadline = now + self._limits.stall_seconds
        self._goal = self._progress() + self._limits.window_bytes

    def _progress(self) -> int:
        """Bytes of the body that came, or of answers that were taken."""
        return self.sock.taken_bytes() if self.phase is Phase.ANSWERING else self._moved
