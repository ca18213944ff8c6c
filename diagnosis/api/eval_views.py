"""The API of evals: read a candidate, report the result of a run."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from diagnosis.api.serializers import evals
from diagnosis.evals import candidates, case_inputs, formats, results
from diagnosis.models import EvalCandidate
from loopkit.http.errors import ApiError
from telemetry.api.parsed_query import checked_query, sent_fields
from tenants.api.budgets import BUDGETED
from tenants.api.openapi import error_responses
from tenants.api.project_view import AgentView
from tenants.models import Project

REFUSALS = (400, 401, 403, 404)


def own_eval(project: Project, eval_id: str) -> EvalCandidate:
    """The project's candidate. 404 if there is none of that id."""
    candidate = candidates.stored_candidate(project, eval_id)
    if candidate is None:
        raise ApiError(
            404,
            "eval_not_found",
            "No such eval in this project.",
            "An issue names its eval in eval_candidate; eval_ and the digits of its cluster_id name it, too.",
        )
    return candidate


def not_offered(format_name: str, why: str, document: dict[str, Any]) -> ApiError:
    """The 400 for a format whose test could pass while the failure is still there."""
    offers = ", ".join(f"format={name}" for name in formats.offered_formats(document))
    return ApiError(
        400,
        "format_not_offered",
        f"This eval has no {format_name} file. {why}",
        f"GET /v1/evals/{{eval_id}} with {offers}.",
        values={"eval_id": document["eval_id"]},
    )


class EvalView(AgentView):
    """One candidate."""

    @extend_schema(
        operation_id="read_eval",
        summary="Read an eval candidate as JSON, JSONL, pytest or promptfoo",
        parameters=[evals.EvalParameters],
        responses={
            (200, "application/json"): evals.EvalAnswerSerializer,
            **BUDGETED,
            **{
                (200, form.MEDIA_TYPE.split(";")[0]): OpenApiTypes.STR
                for name, form in formats.FORMATS.items()
                if name != "json"
            },
            **error_responses(*REFUSALS, media_type="application/json"),
        },
    )
    def get(self, request: Request, eval_id: str) -> HttpResponse:
        """The candidate in the asked form."""
        format_name = checked_query(evals.EvalParameters, request)["format"]
        document = case_inputs.with_inputs(own_eval(self.project, eval_id).document)
        if reason := formats.left_out(document).get(format_name):
            raise not_offered(format_name, reason, document)
        form = formats.FORMATS[format_name]
        return HttpResponse(form.render(document), content_type=form.MEDIA_TYPE)


class EvalsView(AgentView):
    """Results of evals."""

    required_scope = "runs:write"

    @extend_schema(
        operation_id="report_eval",
        summary="Report how a run of an eval ended",
        request=evals.EvalResultRequestSerializer,
        responses={
            201: evals.EvalResultAnswerSerializer,
            **error_responses(413, 415, *REFUSALS),
        },
    )
    def post(self, request: Request) -> Response:
        """201 once it is kept."""
        body = sent_fields(evals.EvalResultRequestSerializer, request)
        candidate = own_eval(self.project, body.pop("eval_id"))
        result = results.store_result(candidate, timezone.now(), **body)
        answer = {"eval_id": candidate.eval_id, "passed": result.passed, "created_at": result.created_at}
        return Response({"ok": True, **answer}, status=201)
