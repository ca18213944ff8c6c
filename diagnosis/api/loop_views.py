"""The API of loops: the agent's work list, one loop, the agent's reports, the handoff after approval."""

from __future__ import annotations

from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from diagnosis.api import loop_answers, report_rules
from diagnosis.api.keyset import keyset_page
from diagnosis.api.loop_lookup import own_loop, wrong_state
from diagnosis.api.serializers import loops
from diagnosis.display.sentences import filled
from diagnosis.handoff import bundle, download, reports
from diagnosis.handoff.report_order import OutOfOrder, TooManyReports
from diagnosis.handoff.shipping_time import WrongShippingTime
from diagnosis.loops import lifecycle, next_action
from diagnosis.models import Loop, LoopEvent
from loopkit.http.errors import ApiError
from telemetry.api.list_cursors import tagged
from telemetry.api.parsed_query import checked_query, sent_fields
from tenants.api.budgets import BUDGETED, MEDIA_TYPE, BudgetedAnswerSerializer, BudgetParameters
from tenants.api.heavy_views import HeavyView
from tenants.api.openapi import error_responses
from tenants.api.project_view import AgentView
from tenants.keys.authentication import Principal

OUTDATED = (
    "Change nothing. POST /v1/runs/diagnose puts the loop to a human again, with the evidence that there is now; then "
    "poll GET /v1/loops/<loop_id> until it is approved."
)
SHIPPED = (
    "Change nothing. The fix shipped, and what was approved for it is not stored unchanged any more; its history is in "
    "GET /v1/loops/<loop_id>."
)
SHIP_LATER = (
    "Report shipped once the approved fix runs, with the time since when it runs (such as 2026-05-04T14:00:00Z), or "
    "leave shipped_at out: then it is the present."
)
CORRECT_LATER = (
    "Send the release or the time since when the approved fix runs (such as 2026-05-04T14:00:00Z); what is left out "
    "stays as it is."
)
REFUSALS = (400, 401, 403)


def not_approved(error: bundle.NotApproved, loop: Loop) -> ApiError:
    """The 409 with what is missing for a handoff."""
    if isinstance(error, bundle.ApprovalOutdated):
        hint = OUTDATED if loop.state == Loop.State.APPROVED else SHIPPED
        return ApiError(409, "approval_outdated", str(error), filled(hint, loop_id=loop.loop_id))
    return ApiError(409, "not_approved", str(error), next_action.for_loop(loop))


def recorded(loop: Loop, report: dict[str, Any], key_id: str) -> LoopEvent:
    """The event of the report; of one that was sent before, the event that is there. ApiError for what is refused."""
    kind = LoopEvent.Kind(report.pop("kind"))
    try:
        return reports.record_report(loop, kind, key_id, timezone.now(), **report)
    except lifecycle.WrongState as error:
        raise wrong_state(error) from error
    except WrongShippingTime as error:
        hint = CORRECT_LATER if kind == LoopEvent.Kind.SHIPPED_CORRECTED else SHIP_LATER
        raise ApiError(400, "invalid", f"shipped_at: {error}", hint) from error
    except OutOfOrder as error:
        raise ApiError(409, "wrong_order", str(error), error.remedy) from error
    except TooManyReports as error:
        raise ApiError(
            409, "too_many_reports", str(error), error.remedy or next_action.for_loop(loop)
        ) from error


class LoopsView(AgentView):
    """The loops of the key's project."""

    @extend_schema(
        operation_id="list_loops",
        summary="List loops, worst first; ?state=approved is the agent's work list",
        parameters=[loops.LoopsParameters],
        responses={200: loops.LoopPageSerializer, **BUDGETED, **error_responses(*REFUSALS)},
    )
    def get(self, request: Request) -> Response:
        """A page of loops."""
        query = checked_query(loops.LoopsParameters, request)
        rows = lifecycle.with_decisions(Loop.objects.filter(project=self.project)).defer(
            *loop_answers.UNLISTED
        )
        if "state" in query:
            rows = rows.filter(state=query["state"])
        if "environment" in query:
            rows = rows.filter(environments__environment=query["environment"])
        results, cursor = keyset_page(rows, query)
        return Response(
            {
                "ok": True,
                "loops": [loop_answers.loop_in_short(loop) for loop in results],
                "next_cursor": tagged(request, cursor),
            }
        )


class LoopView(AgentView):
    """One loop."""

    @extend_schema(
        operation_id="read_loop",
        summary="Read one loop",
        parameters=[loops.LoopParameters],
        responses={200: loops.LoopDetailSerializer, **BUDGETED, **error_responses(404, *REFUSALS)},
    )
    def get(self, request: Request, loop_id: str) -> Response:
        """The loop with its issue, and the newest of its history and verifications."""
        query = checked_query(loops.LoopParameters, request)
        loop = own_loop(self.project, loop_id)
        prefetch_related_objects([loop], "decisions__decided_by")  # several parts of the answer look at them
        older = (query.get("events_before"), query.get("verifications_before"))
        return Response({"ok": True, **loop_answers.loop_in_full(loop, query["limit"], *older)})


class LoopEventsView(AgentView):
    """The agent's reports on a loop."""

    required_scope = "runs:write"

    @extend_schema(
        operation_id="report_loop_event",
        summary="Report issue_opened, pr_opened, merged, shipped, shipped_corrected, asked_again or answered",
        request=loops.LoopEventRequestSerializer,
        parameters=[BudgetParameters],
        responses={
            201: loops.LoopAnswerSerializer,
            (201, MEDIA_TYPE): BudgetedAnswerSerializer,
            **error_responses(404, 409, 413, 415, *REFUSALS),
        },
    )
    def post(self, request: Request, loop_id: str) -> Response:
        """201 with the loop as it is now, and the event; 409 when its state does not allow this."""
        loop = own_loop(self.project, loop_id)
        if report_rules.is_decision(request.data):
            raise report_rules.only_humans_decide(400, loop.loop_id, download.page_url(request, loop))
        report = sent_fields(loops.LoopEventRequestSerializer, request, BudgetParameters)
        report_rules.refuse_misfits(report)
        principal = request.user
        assert isinstance(principal, Principal)
        event = recorded(loop, report, principal.key.key_id)
        answer = loop_answers.loop_in_short(loop) | loop_answers.reported_release(loop)
        return Response({"ok": True, **answer, "event": loop_answers.event_shown(event)}, status=201)


class DecisionView(AgentView):
    """Where agents try to decide."""

    required_scope = "runs:write"

    @extend_schema(exclude=True)
    def post(self, request: Request, loop_id: str) -> Response:
        """403 with who decides, and where."""
        loop = own_loop(self.project, loop_id)
        raise report_rules.only_humans_decide(403, loop.loop_id, download.page_url(request, loop))


class HandoffView(HeavyView):
    """The bundle for the coding agent."""

    @extend_schema(
        operation_id="read_handoff",
        summary="The bundle for the coding agent, only after a human approved",
        parameters=[loops.HandoffParameters],
        responses={
            (200, "application/json"): loops.HandoffSerializer,
            **BUDGETED,
            (200, "text/markdown"): OpenApiTypes.STR,
            (200, "application/zip"): OpenApiTypes.BINARY,
            **error_responses(*REFUSALS, 404, 409, 503, media_type="application/json"),
        },
    )
    def get(self, request: Request, loop_id: str) -> Response | HttpResponse:
        """JSON, markdown or files; 409 before approval, with what is missing."""
        form = checked_query(loops.HandoffParameters, request)["format"]
        loop = own_loop(self.project, loop_id)
        try:
            data = bundle.bundle(loop, download.page_url(request, loop))
        except bundle.NotApproved as error:
            raise not_approved(error, loop) from error
        if form == "md":
            return HttpResponse(bundle.bundle_markdown(data), content_type="text/markdown; charset=utf-8")
        return download.as_zip(loop, data) if form == "zip" else Response(data)
