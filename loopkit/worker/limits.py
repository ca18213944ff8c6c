"""The limits of a worker process: how long it waits for clients, and how much it holds for them meanwhile."""

from __future__ import annotations

import resource
from dataclasses import dataclass

from loopkit.http.client_connection import WAIT_SECONDS

# File descriptors that are left for stores, control database and log; tenants/stores/pool.py keeps below it.
OTHER_DESCRIPTORS = 256
FEWEST_CONNECTIONS = 64
MAX_HEAD_BYTES = 64 * 1024
LINGER_SECONDS = 2
LONGEST_LINGER_SECONDS = 30
SWEEP_SECONDS = 0.5
# Below this, what a connection holds is not worth ending it for.
SMALL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What a client may take of time and memory. loopkit/server.py fills it from the settings."""

    header_seconds: float = 20
    stall_seconds: float = 20
    least_rate: int = 500  # bytes a second, of bodies received and answers taken
    connections: int = 4096  # of this process
    max_body_bytes: int = 64 * 1024 * 1024
    thread_seconds: float = WAIT_SECONDS  # for a thread, once a request is whole

    @property
    def buffer_bytes(self) -> int:
        """Bytes of requests and answers that the process holds for all clients together."""
        return 2 * self.max_body_bytes

    @property
    def window_bytes(self) -> float:
        """Bytes that a body or an answer must move in each period of `stall_seconds`."""
        return self.least_rate * self.stall_seconds


def raise_descriptor_limit(connections: int) -> int:
    """
    Raise the soft limit of file descriptors as far as connections need it and the hard limit allows.

    Returns the number of connections that the limit has room for, at most the given one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = connections + OTHER_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < min(hard, connections + OTHER_DESCRIPTORS):
        soft = min(hard, connections + OTHER_DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return connections
    return max(FEWEST_CONNECTIONS, min(connections, soft - OTHER_DESCRIPTORS))
