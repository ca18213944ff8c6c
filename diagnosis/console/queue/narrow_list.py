"""
The queue as Django's change list: narrow rows, in an order that the URL names.

https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#django.contrib.admin.ModelAdmin.get_changelist
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.http import urlencode

from diagnosis.loops import urgency
from diagnosis.models import Loop

if TYPE_CHECKING:  # Django's own class takes no parameter when it runs
    LoopPaginator = Paginator[Loop]
else:
    LoopPaginator = Paginator

DOCUMENTS = ("issue", "baseline")  # kilobytes each, and nothing of them is listed
REGRESSED_FIRST = Case(When(state=Loop.State.REGRESSED, then=Value(0)), default=Value(1))
URGENCY: list[str | Combinable] = [REGRESSED_FIRST, "-urgency", "loop_id"]
ORDERS: dict[str, tuple[str, list[str | Combinable]]] = {
    "waiting": ("waiting longest", [F("waiting_since").asc(nulls_last=True), "loop_id"]),
    "seen": ("seen last", [F("last_seen_at").desc(nulls_last=True), "loop_id"]),
    "failures": ("failures a day", ["-failures_a_day", "loop_id"]),
    "people": ("people a day", ["-people_a_day", "loop_id"]),
    "tokens": ("tokens a day", ["-tokens_a_day", "loop_id"]),
    "severity": ("severity", ["-severity", "-urgency", "loop_id"]),
    "project": ("project", ["project_id", "-urgency", "loop_id"]),
}


class NarrowPaginator(LoopPaginator):
    """Finds, counts and sorts ids in one query, by an index; of rows it reads only those of the page."""

    @cached_property
    def ids(self) -> list[str]:
        """All of them, in order."""
        return list(cast("QuerySet[Loop]", self.object_list).values_list("pk", flat=True))

    @cached_property
    def count(self) -> int:
        """How many there are."""
        return len(self.ids)

    def page(self, number: int | str) -> Page[Loop]:
        """The page, in the order of the whole."""
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        rows = cast("QuerySet[Loop]", self.object_list)
        return Page(rows.filter(pk__in=self.ids[bottom : bottom + self.per_page]), number, self)


class Queue(ChangeList):
    """The list, with what its template says of it."""

    rule = urgency.RULE

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Loop]:
        """Without the documents."""
        rows: QuerySet[Loop] = super().get_queryset(request, exclude_parameters)
        return rows.defer(*DOCUMENTS)

    def get_results(self, request: HttpRequest) -> None:
        """The page that is asked for; the first where decisions have emptied it."""
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            self.page_num = 1
            super().get_results(request)
        if not self.multi_page:
            self.result_list = self.paginator.page(1).object_list

    @property
    def link(self) -> str:
        """The query that shows this list again, without what is empty."""
        return urlencode(sorted((name, value) for name, value in self.params.items() if value))


def ordering(chosen: str) -> list[str | Combinable]:
    """The order of that name; by urgency for any other."""
    return ORDERS[chosen][1] if chosen in ORDERS else URGENCY
