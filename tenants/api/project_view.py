"""Base of the JSON views: the key's project is bound while the view runs."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from loopkit.http.untrusted import WARNING
from tenants.keys.authentication import AgentKey, Principal
from tenants.models import Project
from tenants.stores.binding import bind


class ProjectView(APIView):
    """A view for keys: the key's project is bound while it runs."""

    authentication_classes = [AgentKey]
    required_scope = "telemetry:read"
    bound_to = ""  # the id of the project, once it is bound

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Handle the request, and end the binding afterwards."""
        self.began = time.monotonic()
        with ExitStack() as self.bound:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the key and its scope, then bind its project."""
        super().initial(request, *args, **kwargs)
        self.bound.enter_context(bind(self.project, self.began))
        self.bound_to = self.project.project_id

    @property
    def project(self) -> Project:
        """The project of the key."""
        principal = self.request.user
        assert isinstance(principal, Principal)
        return principal.project


class AgentView(ProjectView):
    """A view for agents: its answers have text from telemetry in them, and say first that it is untrusted."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Put the warning before the other fields of a JSON answer."""
        if isinstance(response, Response) and response.status_code < 300:
            response.data = {"warning": WARNING, **response.data}
        return super().finalize_response(request, response, *args, **kwargs)


class PublicView(APIView):
    """A view that needs no key."""

    required_scope = ""
