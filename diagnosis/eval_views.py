"""HTTP for evals: candidates out, results in."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from diagnosis import eval_shapes
from diagnosis.eval_formats import FORMATS
from diagnosis.eval_models import EvalCandidate, EvalResult
from loopkit.http.errors import ApiError
from telemetry.asking import checked, sent
from tenants.models import Project
from tenants.project_view import ProjectView
from tenants.serializers import Error

REFUSED = dict.fromkeys((400, 401, 403, 404), Error)


def own_eval(project: Project, eval_id: str) -> EvalCandidate:
    """The project's candidate, or 404."""
    candidate = EvalCandidate.objects.filter(project=project, eval_id=eval_id).first()
    if candidate is None:
        raise ApiError(
            404, "eval_not_found", "No such eval in this project.", "Issues name theirs: eval_candidate."
        )
    return candidate


class EvalView(ProjectView):
    """One candidate."""

    @extend_schema(
        operation_id="read_eval",
        summary="Read an eval candidate as JSON, JSONL, pytest or promptfoo",
        parameters=[eval_shapes.EvalParameters],
        responses={
            (200, "application/json"): eval_shapes.EvalAnswer,
            **{(200, kind.split(";")[0]): OpenApiTypes.STR for kind, _ in list(FORMATS.values())[1:]},
            **{(code, "application/json"): Error for code in REFUSED},
        },
    )
    def get(self, request: Request, eval_id: str) -> HttpResponse:
        """The candidate in the asked form."""
        content_type, write = FORMATS[checked(eval_shapes.EvalParameters, request)["format"]]
        return HttpResponse(write(own_eval(self.project, eval_id).document), content_type=content_type)


class EvalsView(ProjectView):
    """Results of evals."""

    required_scope = "runs:write"

    @extend_schema(
        operation_id="report_eval",
        summary="Report how a run of an eval ended",
        request=eval_shapes.EvalResultRequest,
        responses={201: eval_shapes.EvalResultAnswer, 413: Error, 415: Error, **REFUSED},
    )
    def post(self, request: Request) -> Response:
        """201 once it is kept."""
        asked = sent(eval_shapes.EvalResultRequest, request)
        candidate = own_eval(self.project, asked.pop("eval_id"))
        result = EvalResult.objects.create(candidate=candidate, created_at=timezone.now(), **asked)
        answer = {"eval_id": candidate.eval_id, "passed": result.passed, "created_at": result.created_at}
        return Response({"ok": True, **answer}, status=201)
