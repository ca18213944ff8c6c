"""Accepting connections: at what pace, and what happens where no file descriptor is left for one."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from loopkit.worker.accept_delay import AcceptDelay
from loopkit.worker.limits import SWEEP_SECONDS, ClientLimits, raise_descriptor_limit

NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
NOT_ACCEPTED = {errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK}
CROWD, ACCEPTED_AT_ONCE = 64, 16
FEWEST_CONNECTIONS, KEPT_SHARE = 8, 0.5  # where descriptors ran out


class AcceptingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A gthread worker that never stops accepting: connections that were silent longest give up their places."""

    limits = ClientLimits()

    def init_process(self) -> None:
        """Learn how many connections there may be, then run."""
        self.most_connections = raise_descriptor_limit(self.limits.connections)
        self.worker_connections = self.most_connections + 1
        self.accept_delay = AcceptDelay()
        super().init_process()

    def set_accept_enabled(self, enabled: bool) -> None:
        """
        Accept connections, or leave them to other workers.

        Without the master, which was killed, there are none: listeners are closed, or clients would connect and wait
        in a queue that nobody reads while this worker answers what it has.
        """
        super().set_accept_enabled(enabled)
        if not enabled and os.getppid() != self.ppid:
            for listener in self.sockets:
                listener.close()

    def admit(self, accepted: socket.socket, client: Any, server: Any) -> None:
        """Take in the connection."""
        raise NotImplementedError

    def drop_most_silent(self) -> bool:
        """Close the connection that has been silent longest; False if all are worked on."""
        raise NotImplementedError

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, or several of a crowd of them, which no delay shares out evenly."""
        self.accept_delay.wait(self.nr_conns)
        try:
            for _ in range(1 if self.nr_conns < CROWD else ACCEPTED_AT_ONCE):
                self.admit(*listener.accept(), listener.getsockname())
        except OSError as error:
            self.make_room(error)

    def make_room(self, error: OSError) -> None:
        """Nothing was accepted. Without free descriptors, the connections that were silent longest give up theirs."""
        if error.errno == errno.EMFILE:  # files need descriptors too: fewer connections from now on
            self.most_connections = max(FEWEST_CONNECTIONS, int(self.nr_conns * KEPT_SHARE))
            while self.nr_conns > self.most_connections and self.drop_most_silent():
                pass
        if error.errno in NO_ROOM:
            if not self.drop_most_silent():  # the listener would wake the poller at once, again and again
                time.sleep(SWEEP_SECONDS / 10)
        elif error.errno not in NOT_ACCEPTED:
            raise error
