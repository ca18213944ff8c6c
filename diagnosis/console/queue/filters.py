"""
The filters of the queue, which lists the loops that wait for a human unless the URL asks for others.

Every choice is a URL parameter, so that a filtered list can be bookmarked and shared. The choices of a filter come
from small tables, not from a scan of the loops: https://docs.djangoproject.com/en/5.2/ref/contrib/admin/filters/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from diagnosis.console.queue.narrow_list import ORDERS
from diagnosis.detection.rules import ALL_SIGNAL_TYPES
from diagnosis.display.hidden_characters import show_hidden
from diagnosis.loops import states
from diagnosis.models import Loop, LoopEnvironment, Severity
from tenants.console.scoped import visible_rows
from tenants.models import Project, Tenant

ALL = "all"
MOST_ENVIRONMENTS = 100  # that the filter offers; the URL takes any
AGES = {"1": "a day or more", "7": "a week or more", "30": "30 days or more"}
Choices = list[tuple[str, Any]]


class QueueFilter(admin.SimpleListFilter):
    """Base of the filters; `anything` is the label of no choice. Always shown, so that the form never changes."""

    anything = "any"

    def has_output(self) -> bool:
        """True: the filter is shown even if there is nothing to choose from."""
        return True


class StateFilter(QueueFilter):
    """Loops by state; no choice means those about which a human has something to decide."""

    title = "state"
    parameter_name = "state"
    anything = "to decide"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Every state, and `all` for all of them."""
        return [*Loop.State.choices, (ALL, "all")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Django's choices, with its "All", which stands for no parameter, called "to decide"."""
        first, *rest = super().choices(changelist)
        yield {**first, "display": self.anything}
        yield from rest

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops in the chosen state."""
        state = self.value()
        if state == ALL:
            return rows
        return rows.filter(state=state) if state else rows.filter(states.to_decide())


class TenantFilter(QueueFilter):
    """Loops by tenant, among the tenants that the person works for."""

    title = parameter_name = "tenant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """The ids and names of the tenants."""
        return list(visible_rows(Tenant.objects.all(), request.user, "pk").values_list("tenant_id", "name"))

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops of the tenant's projects."""
        return rows.filter(project__tenant=self.value()) if self.value() else rows


class ProjectFilter(QueueFilter):
    """Loops by project, among the projects with a loop that the person may see; only the chosen tenant's, if one is."""

    title = parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """The ids of the projects."""
        with_loops = Project.objects.filter(Exists(Loop.objects.filter(project=OuterRef("pk"))))
        if tenant := request.GET.get("tenant"):
            with_loops = with_loops.filter(tenant=tenant)
        ids = visible_rows(with_loops, request.user, "tenant").order_by("pk").values_list("pk", flat=True)
        return [(project_id, project_id) for project_id in ids]

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The project's loops."""
        return rows.filter(project=self.value()) if self.value() else rows


class SeverityFilter(QueueFilter):
    """Loops by severity, which the URL names in words."""

    title = parameter_name = "severity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """The severities, worst first."""
        return [(label, label) for label in reversed(Severity.labels)]

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops of that severity; none for an unknown word."""
        label = self.value()
        values = [severity for severity in Severity if severity.label == label]
        return rows.filter(severity__in=values) if label else rows


class SignalFilter(QueueFilter):
    """Loops by signal type: the kind of failure."""

    title, parameter_name = "signal", "signal"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Every signal type."""
        return [(name, name) for name in ALL_SIGNAL_TYPES]

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops of that signal type."""
        return rows.filter(signal_type=self.value()) if self.value() else rows


class EnvironmentFilter(QueueFilter):
    """Loops by an environment in which their failure was seen, among the loops that the person may see."""

    title = parameter_name = "environment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """The names of the environments, the first MOST_ENVIRONMENTS by name."""
        rows = visible_rows(LoopEnvironment.objects.all(), request.user, "loop__project__tenant")
        if project := request.GET.get("project"):
            rows = rows.filter(loop__project=project)
        names = rows.exclude(environment="").order_by("environment").values_list("environment", flat=True)
        return [(name, show_hidden(name)) for name in names.distinct()[:MOST_ENVIRONMENTS]]

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops whose failure was seen there."""
        seen = LoopEnvironment.objects.filter(loop=OuterRef("pk"), environment=self.value())
        return rows.filter(Exists(seen)) if self.value() else rows


class AgeFilter(QueueFilter):
    """Loops by how long they have been waiting."""

    title, parameter_name = "waiting for", "days"
    anything = "any time"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """The shortest waiting times, in days."""
        return list(AGES.items())

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops that have been waiting for at least that long; none for a number that is not offered."""
        days = self.value()
        if not days:
            return rows
        if days not in AGES:
            return rows.none()
        return rows.filter(waiting_since__lte=timezone.now() - timedelta(days=int(days)))


class SortedBy(QueueFilter):
    """
    The order of the list, by name.

    Django's own parameter numbers the columns, and people who may decide have one column more than others.
    """

    title, parameter_name = "sorted by", "sort"
    anything = "urgency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Every order except that by urgency, which no choice means."""
        return [(name, label) for name, (label, _) in ORDERS.items()]

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The rows as they are: QueueAdmin.get_ordering sorts them."""
        return rows
