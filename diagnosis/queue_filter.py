"""
Which loops the queue lists: those that wait for a human, unless somebody asks for others.

https://docs.djangoproject.com/en/5.2/ref/contrib/admin/filters/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from diagnosis import loops
from diagnosis.models import Loop

ALL = "all"


class StateFilter(admin.SimpleListFilter):
    """By state, with `waiting` where Django has `All`."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Every state, and all of them."""
        return [*Loop.State.choices, (ALL, "all")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Django's "All", which stands for no parameter, is "waiting" here."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "waiting for a human"}
        yield from others

    def queryset(self, request: HttpRequest, rows: QuerySet[Loop]) -> QuerySet[Loop]:
        """The loops of the chosen state."""
        chosen = self.value()
        if chosen == ALL:
            return rows
        return rows.filter(state__in=[chosen] if chosen else loops.WAITING)
