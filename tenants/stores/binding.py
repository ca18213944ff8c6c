"""
The binding of telemetry to a project: inside `with bind(project): ...`, telemetry is read from and written to its file.

The binding is a ContextVar, so new threads start unbound. The connection is taken from the pool on first
use and stored under the project's alias in `django.db.connections`, which is thread-local. `settings.DATABASES` never
changes at run time, because other threads iterate over it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from loopkit.http import store_fault
from tenants.models import Project
from tenants.stores import interruption, pool, soundness
from tenants.stores.project_file import alias_of


class ProjectNotBound(RuntimeError):
    """Telemetry was used outside `with bind(project):`."""


class WrongProject(RuntimeError):
    """A row of one project was used while another project is bound."""


class AlreadyBound(RuntimeError):
    """A second project was bound inside the first one's block."""


@dataclass(slots=True)
class Binding:
    """One `with bind(...)` block, in the thread that entered it."""

    project: Project
    # A moment before the project was read from the database, by time.monotonic: its fields are at most that old.
    since: float
    thread: int = field(default_factory=threading.get_ident)
    connection: BaseDatabaseWrapper | None = None
    is_watched: bool = False  # whether long statements end once the request is given up

    def is_of_this_thread(self) -> bool:
        """False in a context that was copied into another thread."""
        return self.thread == threading.get_ident()

    def alias(self) -> str:
        """The project's database alias, after making its connection available in this thread."""
        if not self.is_of_this_thread():
            raise ProjectNotBound(f"{self.project} is bound in another thread; bind it in this one too.")
        alias = alias_of(self.project.project_id)
        if self.connection is None:
            self.connection = pool.take_connection(self.project)
            self.is_watched = interruption.watch(self.connection)
            connections[alias] = self.connection
        return alias

    def release(self) -> None:
        """Remove the connection from this thread and give it back to the pool."""
        if self.connection is not None:
            del connections[alias_of(self.project.project_id)]
            if self.is_watched:
                interruption.stop_watching(self.connection)
            pool.give_back_connection(self.connection)


_bound: ContextVar[Binding | None] = ContextVar("bound_project", default=None)


@contextmanager
def bind(project: Project, since: float | None = None) -> Iterator[Project]:
    """
    Make telemetry models use this project's file inside the block. Binding the bound project again does nothing.

    Raises AlreadyBound if another project is bound.

    Args:
        since: a moment before the project was read, by time.monotonic; now if left out.
    """
    current = _bound.get()
    if current is not None and current.is_of_this_thread():
        if current.project.project_id != project.project_id:
            raise AlreadyBound(f"{current.project} is bound; leave its block before binding {project}.")
        yield project
        return
    binding = Binding(project, time.monotonic() if since is None else since)
    token = _bound.set(binding)
    try:
        yield project
    except soundness.FAULTS as error:
        raise_explained(error, binding)
        raise
    finally:
        _bound.reset(token)
        binding.release()


def raise_explained(error: Exception, binding: Binding) -> None:
    """Raise Damage from the error if the binding's file explains it."""
    cause = soundness.explained(error, binding.connection)
    if cause is not error:
        raise cause from error


def explained(error: Exception) -> Exception:
    """Damage if the bound project's file or the control database explains the error, else the error."""
    binding = _bound.get()
    cause = soundness.explained(error, binding.connection) if binding else error
    return soundness.explained(cause, connections["default"], store_fault.CONTROL_DATABASE)


def current_binding() -> Binding:
    """The current binding. Raises ProjectNotBound if there is none."""
    binding = _bound.get()
    if binding is None:
        raise ProjectNotBound("No project is bound: wrap the code in `with bind(project):`.")
    return binding


def bound_project() -> Project:
    """The bound project. Raises ProjectNotBound if there is none."""
    return current_binding().project


def bound_since() -> float:
    """A moment before the bound project was read, by time.monotonic. Raises ProjectNotBound if none is bound."""
    return current_binding().since


def bound_alias() -> str:
    """The bound project's database alias, usable in this thread. Raises ProjectNotBound if there is none."""
    return current_binding().alias()
