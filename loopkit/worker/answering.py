"""Answering in threads: whole requests get one in the order in which they came, and none waits for it without end."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from loopkit.worker.accepting import AcceptingWorker
from loopkit.worker.connection import Connection
from loopkit.worker.refusals import NO_THREAD, refusal_answer
from loopkit.worker.thread_line import ThreadLine

PROBES = frozenset({"/health", "/livez", "/readyz"})  # loopkit/health.py


class AnsweringWorker(AcceptingWorker):
    """A worker whose requests are here as a whole before a thread has them."""

    def init_process(self) -> None:
        """Prepare to give requests to threads, then run."""
        self.line = ThreadLine(self.limits.thread_seconds)
        self.probes = ThreadPoolExecutor(1, "probes")
        self.running: set[Connection] = set()  # whose requests threads are answering
        super().init_process()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Do what there is to do for each connection, and give up the requests that no thread took in time."""
        super().wait_for_and_dispatch_events(min(timeout, self.line.seconds_left()))
        if late := self.line.give_up_late():
            seconds = self.limits.thread_seconds
            self.log.warning("Told %d requests to come again: all threads were busy for %g s", late, seconds)

    def all_are_busy(self) -> bool:
        """Whether each thread has a request."""
        return len(self.running) >= int(self.cfg.threads)

    # Gunicorn's enqueue_req() calls handle() in a thread, and finish_request() in the poller afterwards.

    def enqueue_req(self, conn: Connection) -> None:
        """As gunicorn does, but probes do not wait behind all requests that came before them."""
        conn.sock.arrived_at = time.monotonic()
        is_probe = conn.reception.request.path in PROBES
        answer = (self.probes if is_probe else self.tpool).submit(self.handle, conn)
        answer.add_done_callback(lambda future: self.method_queue.defer(self.finish_request, conn, future))
        if not is_probe:
            self.line.add(answer)

    def handle(self, conn: Connection) -> bool:
        """Answer the connection's request, in a thread; whether the connection stays open."""
        if not conn.claim():
            return False
        self.running.add(conn)
        try:
            stays_open = super().handle(conn)
            conn.sock.flush()
        except OSError:
            return False
        finally:
            self.running.discard(conn)
        return bool(stays_open)

    def finish_request(self, conn: Connection, future: Future[bool]) -> None:
        """Send what is left of the answer, then go on with the next request or close."""
        raise NotImplementedError

    def stays_open(self, conn: Connection, future: Future[bool]) -> bool:
        """Whether the connection stays open after its answer. Raises OSError if the client has gone."""
        if future.cancelled():
            return conn.claim() and self.refuse_late(conn)
        return future.exception() is None and future.result()

    def refuse_late(self, conn: Connection) -> bool:
        """Answer a request that no thread took in time, and has none of it; whether the connection stays open."""
        request: Any = conn.reception.finished_request()
        stays_open = self.alive and not request.should_close()
        conn.sock.sendall(refusal_answer(NO_THREAD, request, stays_open))
        conn.sock.flush()
        return bool(stays_open)
