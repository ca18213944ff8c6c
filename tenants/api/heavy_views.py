"""Views and pages that may take seconds: each waits for its turn, and ends once its client is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from tenants.limits import heavy_runs, rate_limits
from tenants.limits.early_refusal import hold_answer
from tenants.models import Project

P = ParamSpec("P")
HeavyPage = Callable[Concatenate[HttpRequest, Project, P], HttpResponse]


@contextmanager
def turn_of(request: Request | HttpRequest, project: Project) -> Iterator[None]:
    """Run the block as the process's heavy request. Raises Unavailable without a turn, with the answer held."""
    origin, has_left = heavy_runs.origin(request.META), departure_check(request.META)
    network, _ = rate_limits.networks(request)[-1]
    run = heavy_runs.HeavyRun(project.tenant_id, network, project.project_id, origin, has_left)
    with ExitStack() as turn:
        try:
            turn.enter_context(heavy_runs.turn(run))
        except Unavailable:
            hold_answer(request.META)
            raise
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
