"""
Long statements on a project's store end once the heavy request that runs them is given up.

SQLite calls the progress handler every so many steps of its virtual machine:
https://www.sqlite.org/c3ref/progress_handler.html
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.limits import heavy_runs

STEPS = 200_000  # some milliseconds of a statement


def watch(connection: BaseDatabaseWrapper) -> bool:
    """
    Let statements raise OperationalError ("interrupted") once this thread's heavy request is given up.

    Returns whether there is such a request.
    """
    run = heavy_runs.current_run()
    if run is None:
        return False
    connection.connection.set_progress_handler(run.look, STEPS)
    return True


def stop_watching(connection: BaseDatabaseWrapper) -> None:
    """Let statements run to their end again."""
    if connection.connection is not None:
        connection.connection.set_progress_handler(None, 0)
