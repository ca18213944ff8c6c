"""
A middleware that answers reads of the HTTP API with `budget` in their query, by the functions of the tools.

The view itself reads and refuses: it is called with the rest of the query, and checks the budget, too, where that is
not valid. So that a view with a budget is documented by its parameters, and has nothing to do for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from diagnosis.agents import short_counts, short_reads
from diagnosis.agents.api_calls import Api, ApiRefusal, json_of
from diagnosis.agents.short_markdown import short_markdown
from diagnosis.api.serializers.packets import PacketParameters
from telemetry.api.record_forms import RecordFormParameters
from tenants.api.budgets import MEDIA_TYPE, BudgetParameters

BUDGET, FORMAT = "budget", "format"


@dataclass(frozen=True, slots=True)
class BudgetedRead:
    """How a path is answered within a budget."""

    answer: Callable[..., dict[str, Any]]  # one of short_reads.py
    parameters: type[BudgetParameters] = BudgetParameters  # that are of the answer, and not of the read
    method: str = "GET"


# By the names of the paths.
READS = {
    "telemetry": BudgetedRead(short_reads.short_records, RecordFormParameters),
    "evidence": BudgetedRead(short_reads.short_records, RecordFormParameters),
    "sessions": BudgetedRead(short_reads.short_sessions),
    "session": BudgetedRead(short_reads.short_session),
    "packets": BudgetedRead(short_reads.short_packet_list),
    "packet": BudgetedRead(short_reads.short_stored_packet, PacketParameters),
    "packet-issue": BudgetedRead(short_reads.short_issue),
    "loops": BudgetedRead(short_reads.short_loop_list),
    "loop": BudgetedRead(short_reads.short_loop),
    "handoff": BudgetedRead(short_reads.short_handoff),
    "dashboard-json": BudgetedRead(short_reads.short_dashboard),
    "ledger": BudgetedRead(short_counts.short_ledger),
    "funnel": BudgetedRead(short_counts.short_funnel),
    "eval": BudgetedRead(short_counts.short_eval),
    "diagnose": BudgetedRead(short_reads.short_diagnosis, method="POST"),
    "loop-events": BudgetedRead(short_reads.short_report, method="POST"),
    "verify": BudgetedRead(short_reads.short_verification, method="POST"),
}
REPORT = "report"


class BudgetedReads:
    """Django middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, arguments: Any, named: Any
    ) -> HttpResponseBase | None:
        """The answer within the budget; None where there is no valid one in the query, for the view to answer."""
        name = request.resolver_match.url_name if request.resolver_match else None
        if BUDGET not in request.GET or name not in {*READS, REPORT}:
            return None
        read = READS.get(str(name), BudgetedRead(short_reads.short_records))
        method = "GET" if request.method == "HEAD" else request.method
        names = [*map(str, read.parameters().fields)]
        form = read.parameters(data={field: request.GET[field] for field in names if field in request.GET})
        if method != read.method or not form.is_valid() or request.GET.get(FORMAT, "json") != "json":
            return None
        query = {key: value for key, value in request.GET.dict().items() if key not in names}
        try:
            return budgeted_answer(request, str(name), read, query, dict(form.validated_data))
        except ApiRefusal as refusal:
            return refusal.response


def budgeted_answer(
    request: HttpRequest, name: str, read: BudgetedRead, query: dict[str, Any], form: dict[str, Any]
) -> HttpResponse:
    """The answer of the path to the query, within the budget of the form. Raises ApiRefusal."""
    api, tokens = Api(request), form.pop(BUDGET)
    if name == REPORT:
        report = bytes(api.with_query(query).content).decode()  # type: ignore[attr-defined]
        return HttpResponse(short_markdown(report, tokens), content_type="text/markdown; charset=utf-8")
    statuses = []

    def page(sent: dict[str, Any]) -> dict[str, Any]:
        response = api.with_query(sent)
        statuses.append(response.status_code)
        return json_of(response)

    answer = read.answer(api, page, query, tokens, **form)
    first = {field: answer[field] for field in ("warning",)} | {"ok": True}
    return HttpResponse(orjson.dumps(first | answer), content_type=MEDIA_TYPE, status=statuses[0])
