"""Views and pages that may take seconds: each waits for its turn, and ends once its client is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.http.client_connection import departure_check
from loopkit.http.errors import Unavailable
from tenants.api.project_view import AgentView
from tenants.limits import heavy_runs
from tenants.models import Project

P = ParamSpec("P")
HeavyPage = Callable[Concatenate[HttpRequest, Project, P], HttpResponse]


@contextmanager
def turn_of(request: Request | HttpRequest, project: Project) -> Iterator[None]:
    """Run the block as the process's heavy request. Raises Unavailable without a turn."""
    has_left = departure_check(request.META)
    with heavy_runs.turn(heavy_runs.HeavyRun(project.project_id, heavy_runs.origin(request.META), has_left)):
        yield


class HeavyView(AgentView):
    """A view for agents that runs as the process's heavy request (tenants/limits/heavy_runs.py)."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the key, bind its project, and wait for the turn of this request."""
        super().initial(request, *args, **kwargs)
        self.bound.enter_context(turn_of(request, self.project))

    def handle_exception(self, exc: Exception) -> Response:
        """The answer to an error. Whatever a request raised that was given up, its client is gone."""
        return super().handle_exception(heavy_runs.client_gone() if heavy_runs.is_given_up() else exc)


def heavy_page(page: HeavyPage[P]) -> HeavyPage[P]:
    """Decorate a page of a bound project that may take seconds: without a place, the response is a 503 page."""

    @wraps(page)
    def wrapped(request: HttpRequest, project: Project, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            with turn_of(request, project):
                return page_unless_given_up(page, request, project, *args, **kwargs)
        except Unavailable as error:
            return HttpResponse(render_to_string("errors/busy.html"), status=503, headers=error.headers)

    return wrapped


def page_unless_given_up(
    page: HeavyPage[P], request: HttpRequest, project: Project, /, *args: P.args, **kwargs: P.kwargs
) -> HttpResponse:
    """The page. Raises Unavailable where the store ended a statement because the client is gone."""
    try:
        return page(request, project, *args, **kwargs)
    except OperationalError as error:
        if heavy_runs.is_given_up():
            raise heavy_runs.client_gone() from error
        raise
