"""
The approval queue as a list: what waits, how long, and one reason for many.

Approving is for one loop at a time, after reading it; rejecting and returning can be done in bulk.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from diagnosis.console import deciding
from diagnosis.console.deciding import Seen
from diagnosis.console.decision_forms import RejectForm
from diagnosis.console.queue import columns as columns
from diagnosis.console.queue.filters import (
    AgeFilter,
    ProjectFilter,
    SeverityFilter,
    SignalFilter,
    SortedBy,
    StateFilter,
    TenantFilter,
)
from diagnosis.console.queue.narrow_list import NarrowPaginator, Queue, ordering
from diagnosis.loops import approval
from diagnosis.loops.approval import Choice
from diagnosis.models import Decision, Loop
from tenants.console.scoped import ReadOnly, ScopedAdmin

BULK_LIMIT = (
    200  # loops; what one person can claim to have looked at, and below Django's limit of form fields
)


class QueueAdmin(ReadOnly, ScopedAdmin):
    """Loops of all projects that the person may see, worst first."""

    tenant_path = "project__tenant"
    list_display = [
        columns.shown_title, columns.severity_badge, "trend", columns.costs, columns.urgency_shown, "state",
        "project", columns.last_seen, columns.waiting_since_utc,
    ]  # fmt: skip
    sortable_by = ()  # by the form instead, whose URL means the same to everybody
    list_filter = [
        TenantFilter, ProjectFilter, SeverityFilter, SignalFilter, StateFilter, AgeFilter, SortedBy,
    ]  # fmt: skip
    list_select_related = ["project"]
    list_per_page = list_max_show_all = 50
    paginator = NarrowPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = [  # a title begins with its operation
        "title", "service", "^loop_id", "^cluster_id", "project__project_id", "project__name",
    ]  # fmt: skip
    actions = ["reject_selected", "return_selected"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Queue]:
        """Narrow rows, and a page that is always there."""
        return Queue

    def get_ordering(self, request: HttpRequest) -> Any:
        """As the URL says, worst first if it does not."""
        return ordering(request.GET.get("sort", ""))

    def queue_url(self, request: HttpRequest) -> str:
        """The list that the person came from, with its filters, search, order and page."""
        kept: dict[str, Any] = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        return str(add_preserved_filters(kept, reverse("admin:diagnosis_loop_changelist")))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The queue under its own name."""
        return super().changelist_view(request, {"title": "Approval queue", **(extra_context or {})})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may decide may look."""
        return super().has_view_permission(request, obj) or self.has_decide_permission(request)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whoever may approve, reject and return."""
        return request.user.has_perm(approval.PERMISSION)

    @admin.action(permissions=["decide"], description="Reject the selected loops, with one reason")
    def reject_selected(self, request: HttpRequest, rows: QuerySet[Loop]) -> HttpResponse | None:
        """Asks for the reason, then decides each."""
        return self.decide_each(request, rows, Decision.Verb.REJECT)

    @admin.action(
        permissions=["decide"], description="Return the selected loops to the agent, with one reason"
    )
    def return_selected(self, request: HttpRequest, rows: QuerySet[Loop]) -> HttpResponse | None:
        """Asks for the reason, then decides each."""
        return self.decide_each(request, rows, Decision.Verb.RETURN)

    def decide_each(
        self, request: HttpRequest, rows: QuerySet[Loop], verb: Decision.Verb
    ) -> HttpResponse | None:
        """First the page with the loops and the question why; its answer decides what that page showed."""
        form = RejectForm(request.POST if "seen" in request.POST else None)
        if not form.is_valid():
            return self.ask(request, rows, verb, form)
        times = form.times_chosen() if verb == Decision.Verb.REJECT else None
        self.decide_seen(request, seen_before(request), Choice(verb, form.cleaned_data["reason"], times))
        return None

    def ask(
        self, request: HttpRequest, rows: QuerySet[Loop], verb: Decision.Verb, form: RejectForm
    ) -> HttpResponse | None:
        """The page between: which loops, and why."""
        selected = list(rows[: BULK_LIMIT + 1])
        if not 0 < len(selected) <= BULK_LIMIT:
            many = (
                f"Select at most {BULK_LIMIT} loops at once."
                if selected
                else "The selected loops wait no more."
            )
            self.message_user(request, f"{many} Nothing was decided.", messages.ERROR)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb.label.capitalize()}: {len(selected)} loops",
            "opts": self.opts,
            "verb": verb,
            "loops": [(loop, deciding.seen_now(loop)) for loop in selected],
            "form": form,
            "action": request.POST["action"],
            "queue_url": self.queue_url(request),
        }
        return TemplateResponse(request, "admin/diagnosis/loop/decide_selected.html", context)

    def decide_seen(self, request: HttpRequest, pages: list[Seen], choice: Choice) -> None:
        """Decide each loop as it was seen, and say which ones were decided by others before."""
        seen_of = {seen.loop_id: seen for seen in pages}
        found = self.get_queryset(request).filter(pk__in=seen_of)  # whatever their state is by now
        missed = []
        for loop in found:
            if in_the_way := deciding.decide(request, loop, seen_of[loop.pk], choice):
                missed.append(in_the_way)
            else:
                self.log_change(request, loop, choice.summary)
        self.message_user(
            request,
            f"{choice.verb.label.capitalize()}: decided {len(found) - len(missed)} of {len(pages)} loops.",
            messages.SUCCESS,
        )
        for message in missed:
            self.message_user(request, message, messages.WARNING)


def seen_before(request: HttpRequest) -> list[Seen]:
    """What the page between showed."""
    return [seen for text in request.POST.getlist("seen") if (seen := deciding.parse(text))]
