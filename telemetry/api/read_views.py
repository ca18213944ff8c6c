"""The endpoints that read records, sessions, and one session."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.http.errors import ApiError
from telemetry.api import parameters, serializers
from telemetry.api.list_cursors import tagged_page
from telemetry.api.parsed_query import parse_query
from telemetry.reads import record_pages, session_pages
from telemetry.windows import MAX_MINUTES
from tenants.api.budgets import BUDGETED
from tenants.api.project_view import AgentView
from tenants.api.serializers import ErrorSerializer

REFUSED = {
    400: OpenApiResponse(
        ErrorSerializer, description="An unknown parameter or a bad value; the hint names the right one"
    ),
    401: OpenApiResponse(ErrorSerializer, description="Authorization required"),
    403: OpenApiResponse(ErrorSerializer, description="The key has no telemetry:read scope"),
}


class TelemetryView(AgentView):
    """Records of the key's project."""

    @extend_schema(
        operation_id="read_telemetry",
        summary="Read the recent scoped telemetry record window",
        description="Newest first. Every acknowledged span is there at once.",
        parameters=[parameters.TelemetryParameters],
        responses={
            200: OpenApiResponse(serializers.TelemetryPageSerializer, description="Recent telemetry records"),
            **BUDGETED,
            **REFUSED,
            404: OpenApiResponse(ErrorSerializer, description="No record has this record_id"),
        },
    )
    def get(self, request: Request) -> Response:
        """A page of the window."""
        query = parse_query(parameters.TelemetryParameters, request, timezone.now())
        page = record_pages.page_of_records(query.window, query.filters, query.cursor, query.limit)
        if (
            query.filters.record_id
            and not page.records
            and not record_pages.is_stored(query.filters.record_id)
        ):
            raise record_not_found()
        return Response({"ok": True} | tagged_page(request, page.shown()))


class SessionsView(AgentView):
    """Sessions of the key's project."""

    @extend_schema(
        operation_id="list_sessions",
        summary="List sessions in a bounded window (agent / outcome / turns / timing)",
        description=(
            "Most recent first, by the newest trace that matches. A summary counts the session's traces that "
            "start in the window and match environment and service; the other filters choose sessions."
        ),
        parameters=[parameters.SessionsParameters],
        responses={
            200: OpenApiResponse(
                serializers.SessionPageSerializer, description="Session summaries, most recent first"
            ),
            **BUDGETED,
            **REFUSED,
        },
    )
    def get(self, request: Request) -> Response:
        """A page of the window."""
        query = parse_query(parameters.SessionsParameters, request, timezone.now())
        page = session_pages.page_of_sessions(query.window, query.filters, query.cursor, query.limit)
        return Response({"ok": True} | tagged_page(request, page.shown()))


class SessionView(AgentView):
    """One session of the key's project."""

    @extend_schema(
        operation_id="read_session",
        summary="Read one session: its summary plus the raw, time-ordered telemetry records (turns)",
        parameters=[
            OpenApiParameter("id", OpenApiTypes.STR, "path", description="A session_id or a trace_id"),
            parameters.SessionParameters,
        ],
        responses={
            200: OpenApiResponse(
                serializers.SessionDetailSerializer, description="Session detail with raw records"
            ),
            **BUDGETED,
            **REFUSED,
            404: OpenApiResponse(ErrorSerializer, description="Session not found in window"),
        },
    )
    def get(self, request: Request, id: str) -> Response:
        """The summary and a page of records, oldest first."""
        query = parse_query(parameters.SessionParameters, request, timezone.now())
        detail = session_pages.detail(query.window, id, query.cursor, query.limit)
        if detail is None:
            raise session_not_found()
        return Response({"ok": True} | tagged_page(request, detail.shown()))


def record_not_found() -> ApiError:
    """Return the error 404, with a hint at what to try."""
    return ApiError(
        404,
        "record_not_found",
        "No record of this project has this id.",
        "Take record_id from an answer to a key of the same project, unchanged.",
    )


def session_not_found() -> ApiError:
    """Return the error 404, with a hint at what to try."""
    return ApiError(
        404,
        "session_not_found",
        "No trace of this session starts in this window.",
        f"Check the id with GET /v1/sessions, or widen since_minutes (up to {MAX_MINUTES}) or move until.",
    )
