"""The API of runs: diagnose a window, verify a fix."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from diagnosis.api.loop_lookup import own_loop, wrong_state
from diagnosis.api.serializers import packets, verification
from diagnosis.diagnose import diagnose
from diagnosis.loops import next_action
from diagnosis.loops.lifecycle import WrongState
from diagnosis.packets import publishing
from diagnosis.verification import verify
from loopkit.http.errors import ApiError
from telemetry.api.parsed_query import sent_fields
from telemetry.reads.present import SKEW, window_until_now
from telemetry.windows import Window
from tenants.api.budgets import BUDGETED, BudgetParameters
from tenants.api.heavy_views import HeavyView
from tenants.api.openapi import error_responses

UNTIL_AHEAD = "until: This time is ahead of now. A diagnosis is of what happened."
LEAVE_OUT = (
    "Leave until out: then the window ends now. GET /v1/telemetry takes one, for records that are ahead."
)
REFUSALS = (400, 401, 403, 413, 415, 503)


def diagnosed_window(body: Mapping[str, Any], now: datetime) -> Window:
    """
    The window that the request names. Raises 400 for an `until` that is further ahead than a client's clock may be.

    What is shown of the present follows the packet whose window ends last: one that ends in the future would hide what
    comes until then.
    """
    ahead = body.get("until", now) - now
    if ahead > SKEW:
        raise ApiError(400, "invalid", UNTIL_AHEAD, LEAVE_OUT)
    if ahead >= timedelta(0):
        return window_until_now(now, body["since_minutes"])
    return Window.ending(body["until"], body["since_minutes"])


class DiagnoseView(HeavyView):
    """A diagnosis over a bounded window."""

    required_scope = "runs:write"

    @extend_schema(
        operation_id="diagnose",
        summary="Run a diagnosis over a bounded window and return a diagnosis packet",
        request=packets.DiagnoseRequest,
        parameters=[BudgetParameters],
        responses={
            200: OpenApiResponse(packets.DiagnosisResponseSerializer, description="Diagnosis packet wrapper"),
            **BUDGETED,
            **error_responses(*REFUSALS),
        },
    )
    def post(self, request: Request) -> Response:
        """The packet; a loop is proposed for each new issue."""
        body = sent_fields(packets.DiagnoseRequest, request, BudgetParameters)
        now = timezone.now()
        window = diagnosed_window(body, now)
        packet = diagnose(self.project, window, now)
        return Response({"ok": True, "packet": publishing.packet_as_answered(packet)})


class VerifyView(HeavyView):
    """A before/after comparison for a loop that shipped."""

    required_scope = "runs:write"

    @extend_schema(
        operation_id="verify",
        summary="Compare the windows before and after a fix, by rates over exposure",
        request=verification.VerifyRequestSerializer,
        parameters=[BudgetParameters],
        responses={
            200: verification.VerifyAnswerSerializer,
            **BUDGETED,
            **error_responses(404, 409, *REFUSALS),
        },
    )
    def post(self, request: Request) -> Response:
        """The verdict; the loop moves with it."""
        body = sent_fields(verification.VerifyRequestSerializer, request, BudgetParameters)
        loop = own_loop(self.project, body["loop_id"])
        try:
            result = verify.verify_latest(loop, timezone.now())
        except WrongState as error:
            raise wrong_state(error) from error
        loop.refresh_from_db()
        answer = {"loop_id": loop.loop_id, "state": loop.state, "next_action": next_action.for_loop(loop)}
        return Response({"ok": True, **answer, **result.document})
