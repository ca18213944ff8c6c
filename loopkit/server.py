"""
Gunicorn's configuration: `gunicorn -c loopkit/server.py loopkit.wsgi`.

gthread: it keeps exporters' connections alive and outlives slow clients, which the sync workers do not. Its speed:
`python -m benchmarks.ingest`.
https://docs.gunicorn.org/en/stable/settings.html
"""

import ctypes
import gc
import os
import signal
from contextlib import suppress
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")

from django.conf import settings

M_ARENA_MAX, HEAPS = -8, 2

bind = f"{settings.LOOPKIT_BIND}:{settings.PORT}"
worker_class = "loopkit.worker.EvenThreadWorker"
workers = settings.LOOPKIT_WORKERS
threads = settings.LOOPKIT_THREADS
keepalive = 65  # seconds; above the 60 of usual proxies, so that the proxy closes first
timeout = 60
graceful_timeout = 20
max_requests = 0
accesslog = None
control_socket_disable = True  # it would lie in the home folder, shared by every instance of this user
loglevel = settings.LOOPKIT_LOG_LEVEL.lower()
forwarded_allow_ips = "127.0.0.1,::1"


def post_worker_init(worker: Any) -> None:
    """
    A terminal sends Ctrl-C to every process of the group. Workers leave it to the arbiter, which ends them in order:
    taking both signals, a gthread worker can wait for a lock that it holds itself until it is killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from loopkit import rounds  # Django's apps are ready in a worker only

    worker.rounds = rounds.begin()
    spare_the_collector()
    share_heaps()


def worker_exit(server: Any, worker: Any) -> None:
    """The rounds end with their worker, between two steps."""
    made = getattr(worker, "rounds", None)  # none where the worker could not start
    if made is not None:
        made.end()


def spare_the_collector() -> None:
    """
    Leave what was imported out of Python's cycle collector, and run it for a batch of spans, not every 700 objects:
    a tenth of the time of a request of 512 spans. https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def share_heaps() -> None:
    """
    Few heaps for all threads: glibc gives each its own, which keeps what one large request took.
    https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    with suppress(AttributeError):  # other C libraries have no such call
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)
