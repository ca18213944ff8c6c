"""
The approval queue as a list, with bulk actions that decide several loops with one reason.

Loops are approved one at a time, on their own page; rejecting and returning can be done in bulk.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from diagnosis.console import deciding
from diagnosis.console.deciding import SeenLoop
from diagnosis.console.decision_forms import RejectForm
from diagnosis.console.queue import columns
from diagnosis.console.queue.filters import (
    AgeFilter,
    EnvironmentFilter,
    ProjectFilter,
    SeverityFilter,
    SignalFilter,
    SortedBy,
    StateFilter,
    TenantFilter,
)
from diagnosis.console.queue.narrow_list import NarrowPaginator, Queue, ordering
from diagnosis.display.quantities import counted
from diagnosis.loops import approval
from diagnosis.loops.approval import DecisionChoice
from diagnosis.models import Decision, Loop
from tenants.console.scoped import ReadOnly, ScopedAdmin

# Loops in one bulk action: what one person can have looked at, and below Django's limit of form fields.
BULK_LIMIT = 200


class QueueAdmin(ReadOnly, ScopedAdmin):
    """The loops of all projects that the person may see, worst first."""

    tenant_path = "project__tenant"
    list_display = [
        columns.shown_title, columns.severity_badge, "trend", columns.costs, columns.environments,
        columns.urgency_shown, columns.state_shown,
        "project", columns.last_seen, columns.waiting_for_human_since,
    ]  # fmt: skip
    sortable_by = ()  # the filter SortedBy sorts instead: its URL means the same to everybody
    list_filter = [
        TenantFilter, ProjectFilter, SeverityFilter, SignalFilter, EnvironmentFilter, StateFilter, AgeFilter, SortedBy,
    ]  # fmt: skip
    list_select_related = ["project"]
    list_per_page = list_max_show_all = 50
    paginator = NarrowPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    # A title begins with its operation.
    search_fields = [
        "title", "service", "^loop_id", "^cluster_id", "project__project_id", "project__name",
    ]  # fmt: skip
    actions = ["reject_selected", "return_selected"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Queue]:
        """The change list that reads narrow rows, and shows the first page if the requested one is empty."""
        return Queue

    def get_ordering(self, request: HttpRequest) -> Any:
        """The order that the URL names; by urgency, worst first, if it names none."""
        return ordering(request.GET.get("sort", ""))

    def queue_url(self, request: HttpRequest) -> str:
        """The URL of the list that the person came from, with its filters, search, order and page."""
        context: dict[str, Any] = {
            "preserved_filters": self.get_preserved_filters(request),
            "opts": self.opts,
        }
        return str(add_preserved_filters(context, reverse("admin:diagnosis_loop_changelist")))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The queue under its own title."""
        return super().changelist_view(request, {"title": "Approval queue", **(extra_context or {})})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person may see loops: everybody who may decide may."""
        return super().has_view_permission(request, obj) or self.has_decide_permission(request)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the person may approve, reject and return loops."""
        return request.user.has_perm(approval.PERMISSION)

    @admin.action(permissions=["decide"], description="Reject the selected loops, with one reason")
    def reject_selected(self, request: HttpRequest, rows: QuerySet[Loop]) -> HttpResponse | None:
        """Ask for the reason, then decide each loop."""
        return self.decide_each(request, rows, Decision.Verb.REJECT)

    @admin.action(
        permissions=["decide"], description="Return the selected loops to the agent, with one reason"
    )
    def return_selected(self, request: HttpRequest, rows: QuerySet[Loop]) -> HttpResponse | None:
        """Ask for the reason, then decide each loop."""
        return self.decide_each(request, rows, Decision.Verb.RETURN)

    def decide_each(
        self, request: HttpRequest, rows: QuerySet[Loop], verb: Decision.Verb
    ) -> HttpResponse | None:
        """Show a page that asks for the reason; once it is sent, decide the loops as that page showed them."""
        form = RejectForm(request.POST if "seen" in request.POST else None)
        if not form.is_valid():
            return self.ask(request, rows, verb, form)
        times = form.times_chosen() if verb == Decision.Verb.REJECT else None
        self.decide_seen(
            request, seen_before(request), DecisionChoice(verb, form.cleaned_data["reason"], times)
        )
        return None

    def ask(
        self, request: HttpRequest, rows: QuerySet[Loop], verb: Decision.Verb, form: RejectForm
    ) -> HttpResponse | None:
        """The page that asks for the reason of the selected loops; None, with a message, for none or too many."""
        selected = list(rows[: BULK_LIMIT + 1])
        if not 0 < len(selected) <= BULK_LIMIT:
            problem = (
                f"Select at most {BULK_LIMIT} loops at once."
                if selected
                else "None of the selected loops is in this list any more."
            )
            self.message_user(request, f"{problem} Nothing was decided.", messages.ERROR)
            return None
        deciding.keep_open(selected, timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb.label.capitalize()}: {counted(len(selected), 'loop')}",
            "opts": self.opts,
            "verb": verb,
            "loops": [(loop, deciding.seen_now(loop)) for loop in selected],
            "form": form,
            "action": request.POST["action"],
            "queue_url": self.queue_url(request),
        }
        return TemplateResponse(request, "admin/diagnosis/loop/decide_selected.html", context)

    def decide_seen(self, request: HttpRequest, pages: list[SeenLoop], choice: DecisionChoice) -> None:
        """Decide each loop as its page showed it, and report how many were decided and why others were not."""
        seen_of = {seen.loop_id: seen for seen in pages}
        loops = self.get_queryset(request).filter(pk__in=seen_of)  # in any state: it may have changed
        refusals = []
        for loop in loops:
            if refusal := deciding.decide_as_seen(request, loop, seen_of[loop.pk], choice):
                refusals.append(refusal)
            else:
                self.log_change(request, loop, choice.summary)
        self.message_user(
            request,
            f"{choice.verb.label.capitalize()}: decided {len(loops) - len(refusals)} of {counted(len(pages), 'loop')}.",
            messages.SUCCESS,
        )
        for refusal in refusals:
            self.message_user(request, refusal, messages.WARNING)


def seen_before(request: HttpRequest) -> list[SeenLoop]:
    """The loops as the page that asked for the reason showed them."""
    return [seen for text in request.POST.getlist("seen") if (seen := deciding.parse_seen(text))]
