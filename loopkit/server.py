"""
Gunicorn's configuration: `gunicorn -c loopkit/server.py loopkit.wsgi`.

The workers are gunicorn's gthread, which keeps exporters' connections alive, changed so that no thread waits for a
client (loopkit/worker). `python -m benchmarks.ingest` measures its speed.
https://docs.gunicorn.org/en/stable/settings.html
"""

import _sqlite3
import ctypes
import gc
import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")

from django.conf import settings

from loopkit.worker.limits import ClientLimits
from loopkit.worker.patient_worker import PatientWorker

# The parameter of mallopt, and its value.
M_ARENA_MAX, HEAPS = -8, 2
SQLITE_CONFIG_MULTITHREAD, SQLITE_CONFIG_MEMSTATUS = 2, 9

bind = f"{settings.LOOPKIT_BIND}:{settings.PORT}"
worker_class = "loopkit.worker.patient_worker.PatientWorker"
PatientWorker.limits = ClientLimits(
    header_seconds=settings.LOOPKIT_HEADER_SECONDS,
    stall_seconds=settings.LOOPKIT_STALL_SECONDS,
    least_rate=settings.LOOPKIT_MIN_RATE,
    connections=settings.LOOPKIT_CONNECTIONS,
    max_body_bytes=settings.LOOPKIT_MAX_BODY_BYTES,
)
# Each imports the application itself (no preload_app): counting references copies most of the pages that processes
# would share, so little memory is saved, and connections or threads that an import opened would be inherited.
workers = settings.LOOPKIT_WORKERS
threads = settings.LOOPKIT_THREADS
keepalive = 65  # seconds; above the 60 of usual proxies, so that the proxy closes first
timeout = 60
graceful_timeout = 20
max_requests = 0
accesslog = None
logger_class = "loopkit.server_log.BoundedServerLog"
control_socket_disable = True  # its file is in the home folder, shared by every instance of this user
loglevel = settings.LOOPKIT_LOG_LEVEL.lower()
forwarded_allow_ips = "127.0.0.1,::1"
forwarder_headers = ""  # by default SCRIPT_NAME and PATH_INFO, with which a client could move every path


def post_fork(server: Any, worker: Any) -> None:
    """Set what no database may be open for: the application is loaded after this."""
    spare_sqlite_locks()


def post_worker_init(worker: Any) -> None:
    """
    Start the periodic jobs in the worker, and set its signals and memory options.

    A terminal sends Ctrl-C to every process of the group. Workers ignore it, because the arbiter then ends them in
    order: a gthread worker that gets both signals can wait for a lock that it holds itself, until it is killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Imported here, because Django's apps are ready in a worker only.
    from loopkit import job_thread

    worker.job_thread = job_thread.start_job_thread()
    ignore_warnings()
    spare_the_collector()
    share_heaps()


def worker_exit(server: Any, worker: Any) -> None:
    """End the periodic jobs of an ending worker, between two steps."""
    thread = getattr(worker, "job_thread", None)  # None if the worker failed to start
    if thread is not None:
        thread.end()


def ignore_warnings() -> None:
    """
    Ignore Python's warnings, unless PYTHONWARNINGS asks for them: they are for developers, and a warning that quotes
    what it was given is printed, and kept in memory, once for each text.

    https://docs.python.org/3/library/warnings.html#overriding-the-default-filter
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def spare_the_collector() -> None:
    """
    Exclude all imported objects from Python's cycle collector, and run it less often than every 700 allocations.

    That saves a tenth of the time of a request with 512 spans. https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def spare_sqlite_locks() -> None:
    """
    Have SQLite lock nothing around each of its steps, and not count its memory, which takes another lock.

    Threads hand connections on, and no two use one at a time. That saves a tenth of the time in which a request is
    stored. On Linux alone, where a variable argument is passed as any other is, and where the library can be found.
    https://www.sqlite.org/threadsafe.html, https://www.sqlite.org/c3ref/config.html
    """
    if sys.platform != "linux":
        return
    with suppress(AttributeError, OSError):
        # The module's own file, through which also the functions of the library are found that it was linked with.
        sqlite = ctypes.CDLL(_sqlite3.__file__)
        sqlite.sqlite3_shutdown()
        sqlite.sqlite3_config(SQLITE_CONFIG_MULTITHREAD)
        sqlite.sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0)
        sqlite.sqlite3_initialize()


def share_heaps() -> None:
    """
    Limit the number of heaps. By default, glibc gives each thread its own, which keeps the memory of a large request.
    https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    with suppress(AttributeError):  # other C libraries do not have mallopt
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)
