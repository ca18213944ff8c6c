"""
Which loops the queue lists: those that wait for a human, unless somebody asks for others.

Every choice is a parameter of the URL, so a filtered list can be kept and shared. None of them reads the loops to
know its choices: https://docs.djangoproject.com/en/5.2/ref/contrib/admin/filters/
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
from diagnosis.detection.rules import SIGNAL_TYPES
from diagnosis.loops import states
from diagnosis.models import Loop, Severity
from tenants.console.scoped import visible
from tenants.models import Project, Tenant

ALL = "all"
AGES = {"1": "a day or more", "7": "a week or more", "30": "30 days or more"}
Choices = list[tuple[str, Any]]


class QueueFilter(admin.SimpleListFilter):
    """One choice; `anything` is what no choice means. Shown always: a form that changes confuses."""

    anything = "any"

    def has_output(self) -> bool:
        """Also with nothing to choose from."""
        return True


class StateFilter(QueueFilter):
    """By state, with `waiting` where Django has `All`."""

    title = "state"
    parameter_name = "state"
    anything = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Every state, and all of them."""
        return [*Loop.State.choices, (ALL, "all")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Django's "All", which stands for no parameter, is "waiting" here."""
        first, *others = super().choices(changelist)
        yield {**first, "display": self.anything}
        yield from others

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops of the chosen state."""
        chosen = self.value()
        if chosen == ALL:
            return rows
        return rows.filter(state__in=[chosen] if chosen else states.WAITING)


class TenantFilter(QueueFilter):
    """By tenant, of those that the person works for."""

    title = parameter_name = "tenant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Their ids and names."""
        return list(visible(Tenant.objects.all(), request.user, "pk").values_list("tenant_id", "name"))

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops of the tenant's projects."""
        return rows.filter(project__tenant=self.value()) if self.value() else rows


class ProjectFilter(QueueFilter):
    """By project, of those that the person may see and that have a loop; of the chosen tenant only."""

    title = parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Their ids."""
        with_loops = Project.objects.filter(Exists(Loop.objects.filter(project=OuterRef("pk"))))
        if tenant := request.GET.get("tenant"):
            with_loops = with_loops.filter(tenant=tenant)
        ids = visible(with_loops, request.user, "tenant").order_by("pk").values_list("pk", flat=True)
        return [(project_id, project_id) for project_id in ids]

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The project's loops."""
        return rows.filter(project=self.value()) if self.value() else rows


class SeverityFilter(QueueFilter):
    """By severity, in words."""

    title = parameter_name = "severity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Worst first."""
        return [(label, label) for label in reversed(Severity.labels)]

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops of that severity; none for another word."""
        chosen = self.value()
        values = [severity for severity in Severity if severity.label == chosen]
        return rows.filter(severity__in=values) if chosen else rows


class SignalFilter(QueueFilter):
    """By why it hurts."""

    title, parameter_name = "signal", "signal"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Every signal there is."""
        return [(name, name) for name in SIGNAL_TYPES]

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops of that signal."""
        return rows.filter(signal_type=self.value()) if self.value() else rows


class AgeFilter(QueueFilter):
    """By how long it has been waiting."""

    title, parameter_name = "waiting for", "days"
    anything = "any time"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """From so many days on."""
        return list(AGES.items())

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops that have been waiting for so long; none for a number that is not offered."""
        chosen = self.value()
        if not chosen:
            return rows
        if chosen not in AGES:
            return rows.none()
        return rows.filter(waiting_since__lte=timezone.now() - timedelta(days=int(chosen)))


class SortedBy(QueueFilter):
    """The order. By a name, since Django's own numbers of columns differ between who may decide and who may not."""

    title, parameter_name = "sorted by", "sort"
    anything = "urgency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Every order but that by urgency."""
        return [(name, label) for name, (label, _) in ORDERS.items()]

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """All of them: QueueAdmin.get_ordering sorts."""
        return rows
