"""The API of runs: diagnose a window, verify a fix."""

from __future__ import annotations

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
from telemetry.api import parsed_query
from telemetry.api.parsed_query import sent_fields
from tenants.api.heavy_views import HeavyView
from tenants.api.openapi import error_responses

REFUSALS = (400, 401, 403, 413, 415, 503)


class DiagnoseView(HeavyView):
    """A diagnosis over a bounded window."""

    required_scope = "runs:write"

    @extend_schema(
        operation_id="diagnose",
        summary="Run a diagnosis over a bounded window and return a diagnosis packet",
        request=packets.DiagnoseRequest,
        responses={
            200: OpenApiResponse(packets.DiagnosisResponseSerializer, description="Diagnosis packet wrapper"),
            **error_responses(*REFUSALS),
        },
    )
    def post(self, request: Request) -> Response:
        """The packet; a loop is proposed for each new issue."""
        body = sent_fields(packets.DiagnoseRequest, request)
        now = timezone.now()
        window = parsed_query.ending(body, now, body["since_minutes"])
        packet = diagnose(self.project, window, now)
        return Response({"ok": True, "packet": publishing.packet_as_answered(packet)})


class VerifyView(HeavyView):
    """A before/after comparison for a loop that shipped."""

    required_scope = "runs:write"

    @extend_schema(
        operation_id="verify",
        summary="Compare the windows before and after a fix, by rates over exposure",
        request=verification.VerifyRequestSerializer,
        responses={
            200: verification.VerifyAnswerSerializer,
            **error_responses(404, 409, *REFUSALS),
        },
    )
    def post(self, request: Request) -> Response:
        """The verdict; the loop moves with it."""
        body = sent_fields(verification.VerifyRequestSerializer, request)
        loop = own_loop(self.project, body["loop_id"])
        try:
            result = verify.verify_latest(loop, timezone.now())
        except WrongState as error:
            raise wrong_state(error) from error
        loop.refresh_from_db()
        answer = {"loop_id": loop.loop_id, "state": loop.state, "next_action": next_action.for_loop(loop)}
        return Response({"ok": True, **answer, **result.document})
