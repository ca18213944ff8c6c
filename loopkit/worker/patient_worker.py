"""
A gthread worker whose threads never wait for a client.

Gunicorn's gthread gives a thread to a connection as soon as a byte of a request is here, and the thread waits for the
rest, for ever: as many half-sent requests as there are threads stop the process. Here the poller, which gthread has
for idle connections, receives whole requests, and threads answer them.
https://docs.gunicorn.org/en/stable/design.html#gthread-workers
"""

from __future__ import annotations

import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER

from loopkit.worker.answering import AnsweringWorker
from loopkit.worker.connection import Connection, Phase
from loopkit.worker.decoding_turns import DecodingTurns
from loopkit.worker.http2 import ANSWER, SpokenHttp2
from loopkit.worker.limits import SWEEP_SECONDS
from loopkit.worker.reception import MOST_BYTES_AT_ONCE
from loopkit.worker.refusals import OVERLOADED, TOO_SLOW, Refusal, refusal_answer, refusal_line, refusal_of
from loopkit.worker.waiting_room import WaitingRoom

READS_AT_ONCE, DISCARDED_BYTES, STOP_MARGIN_SECONDS = 4, 64 * 1024, 5
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class PatientWorker(AnsweringWorker):
    """A worker that receives requests and sends answers without a thread for each."""

    def init_process(self) -> None:
        """Prepare to hold connections, then run."""
        self.room = WaitingRoom(self.limits.buffer_bytes)
        self.turns = DecodingTurns(self.on_event)
        self.swept_at = 0.0
        self.held: list[Connection] = []
        # Received into one place and copied from it: blocks that were shortened would leave holes in the heap.
        self.landing = memoryview(bytearray(MOST_BYTES_AT_ONCE))
        super().init_process()

    # Gunicorn's run() calls these, and finish_request() after a thread's answer.

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Do what there is to do for each connection, and what takes long in turns."""
        super().wait_for_and_dispatch_events(0 if self.turns else timeout)
        self.turns.give()

    def admit(self, accepted: socket.socket, client: Any, server: Any) -> None:
        """Take in the connection, in the place of the one that has been silent longest if there is no room."""
        self.nr_conns += 1
        if self.nr_conns > self.most_connections:
            self.drop_most_silent()
        self.wait_for(Connection(self.cfg, accepted, client, server, self.limits), EVENT_READ)

    def finish_request(self, conn: Connection, future: Future[bool]) -> None:
        """Send what is left of the answer, then go on with the next request or close."""
        try:
            self.go_on(conn, future)
        except OSError:  # gunicorn calls this outside its handling of errors: an error would end the process
            self.drop(conn)

    def go_on(self, conn: Connection, future: Future[bool]) -> None:
        """What follows the answer. Raises OSError if the client has gone."""
        conn.stays_open = self.stays_open(conn, future)
        conn.begin_answer()
        self.room.recount(conn)
        if conn.sock.is_held():
            self.watch(conn, 0)
            self.held.append(conn)
        elif conn.sock.pending:
            self.wait_for(conn, EVENT_WRITE)
            self.count(conn)
        else:
            self.after_answer(conn)

    def murder_pending(self) -> None:
        """Send the answers that were held long enough, and give up the clients that had their time."""
        now = time.monotonic()
        if now < self.swept_at + SWEEP_SECONDS:
            return
        self.swept_at = now
        self.room.tidy(self.all_are_busy())
        for conn in [conn for conn in self.held if not conn.sock.is_held()]:
            self.held.remove(conn)
            self.wait_for(conn, EVENT_WRITE)
        for conn in [conn for conn in self.room if conn.is_over(now)]:
            if conn.phase in {Phase.HEAD, Phase.BODY}:
                self.refuse(conn, TOO_SLOW)
            else:
                self.drop(conn)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close what is still open when the process ends; idle connections are among those of murder_pending."""
        for conn in list(self.room) if force else ():
            self.drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """The process stops: bound the time of all connections, a little below what gunicorn allows."""
        graceful = time.monotonic() + max(
            self.cfg.graceful_timeout - STOP_MARGIN_SECONDS, STOP_KEEPALIVE_LINGER
        )
        for conn in self.room:
            conn.last_moment = deadline if conn.phase is Phase.IDLE else graceful

    # What follows runs in the poller, too.

    def on_event(self, conn: Connection) -> None:
        """The connection can be read or written, as it is watched."""
        try:
            if conn.phase is Phase.WORKING:
                self.watch(conn, 0)  # more of it is read after the answer
                self.room.hear_more(conn, self.all_are_busy())
            elif conn.phase is Phase.ANSWERING:
                self.send(conn)
            elif conn.phase is Phase.CLOSING:
                if not conn.discard(conn.sock.recv(DISCARDED_BYTES)):
                    self.drop(conn)
            elif conn.phase is not Phase.CLOSED:
                self.receive(conn)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(conn)

    def receive(self, conn: Connection) -> None:
        """Receive what is here, and no more than its share if that is much; if it was here already, decode it."""
        if conn.reception.is_behind:
            self.watch(conn, EVENT_READ)
            return self.take(conn, b"")
        for _ in range(READS_AT_ONCE):
            wanted = conn.reception.wanted_bytes
            count = conn.sock.recv_into(self.landing, wanted)
            if not count:
                return self.end_reception(conn)
            self.take(conn, bytes(self.landing[:count]))
            if count < wanted or conn.phase is not Phase.BODY or conn.reception.is_behind:
                return None
        return None

    def take(self, conn: Connection, data: bytes) -> None:
        """Add bytes to the connection's request, and have it answered once it is whole."""
        try:
            conn.receive(data)
        except Exception as error:  # noqa: BLE001  (as in gunicorn: no error of its parser may end the process)
            self.handle_error(None, conn.sock, conn.client, error)
            return self.close_after_answer(conn)
        if conn.reception.take_expectation() and not conn.reception.body.failure:
            conn.sock.sendall(CONTINUE)
            conn.sock.flush()
        if data:
            self.room.enter(conn)
        self.count(conn)
        if conn.reception.is_ready:
            self.start(conn)
        elif conn.reception.is_behind:
            self.watch(conn, 0)  # more of it is read after its turn
            self.turns.add(conn)
        return None

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what gunicorn's parser refused in the shape of other errors; gunicorn's own answer is a page."""
        refusal = refusal_of(exc)
        if refusal is None:
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning(refusal_line(exc, addr))
        with suppress(OSError):
            client.sendall(ANSWER if isinstance(exc, SpokenHttp2) else refusal_answer(refusal, req))

    def end_reception(self, conn: Connection) -> None:
        """The client sends no more. A body that broke off is the application's to refuse."""
        if conn.phase is not Phase.BODY:
            return self.drop(conn)
        conn.reception.end()
        return self.start(conn)

    def start(self, conn: Connection) -> None:
        """Give the request to the next free thread."""
        conn.phase = Phase.WORKING
        self.room.leave(conn)
        self.enqueue_req(conn)

    def send(self, conn: Connection) -> None:
        """Send more of the answer."""
        if conn.send_more():
            self.after_answer(conn)
        else:
            self.room.enter(conn)

    def after_answer(self, conn: Connection) -> None:
        """Begin with the next request, which may have come already, or close."""
        if not conn.stays_open:
            return self.close_after_answer(conn)
        surplus = conn.reception.surplus
        conn.begin_request(self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
        self.wait_for(conn, EVENT_READ)
        if surplus:
            self.take(conn, surplus)
        return None

    def refuse(self, conn: Connection, refusal: Refusal) -> None:
        """Answer a request that is not whole, and close."""
        try:
            conn.sock.sendall(refusal_answer(refusal, conn.reception.request))
        except OSError:
            return self.drop(conn)
        return self.close_after_answer(conn)

    def close_after_answer(self, conn: Connection) -> None:
        """Close once the client has had the time to read its answer."""
        try:
            conn.sock.flush()
            conn.begin_close()
        except OSError:
            return self.drop(conn)
        return self.wait_for(conn, EVENT_READ)

    def wait_for(self, conn: Connection, events: int) -> None:
        """Wait for the client."""
        self.watch(conn, events)
        self.room.enter(conn)

    def watch(self, conn: Connection, events: int) -> None:
        """Have `on_event` called for these events, or not any more."""
        if events == conn.watched:
            return
        if conn.watched:
            self.poller.unregister(conn.sock)
        if events:
            self.poller.register(conn.sock, events, lambda _: self.on_event(conn))
        conn.watched = events

    def count(self, conn: Connection) -> None:
        """Count what the connection holds; where all hold too much, the most silent ones are ended."""
        for victim in self.room.too_much(conn, self.running):
            if victim.phase in {Phase.HEAD, Phase.BODY}:
                self.refuse(victim, OVERLOADED)
            else:
                self.drop(victim)

    def drop_most_silent(self) -> bool:
        """Close the connection that has been silent longest; False if all are worked on."""
        conn = self.room.most_silent()
        if conn is not None:
            self.drop(conn)
        return conn is not None

    def drop(self, conn: Connection) -> None:
        """Close the connection at once."""
        if conn.phase is Phase.CLOSED:
            return
        self.watch(conn, 0)
        self.room.leave(conn)
        conn.close()
        self.room.recount(conn)
        self.nr_conns -= 1
