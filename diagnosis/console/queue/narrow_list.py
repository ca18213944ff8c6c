"""
The queue as a change list of Django's: rows without their large documents, in an order that the URL names.

https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#django.contrib.admin.ModelAdmin.get_changelist
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.paginator import Page, Paginator
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.http import urlencode

from diagnosis.loops import urgency
from diagnosis.models import Loop
from tenants.console.refusing import OwnFiltersList

# At runtime Django's class takes no type parameter.
if TYPE_CHECKING:
    LoopPaginator = Paginator[Loop]
else:
    LoopPaginator = Paginator

DOCUMENTS = ("issue", "baseline")  # kilobytes each; the list shows nothing of them
REGRESSED_FIRST = Case(When(state=Loop.State.REGRESSED, then=Value(0)), default=Value(1))
URGENCY: list[str | Combinable] = [REGRESSED_FIRST, "-urgency", "loop_id"]
ORDERS: dict[str, tuple[str, list[str | Combinable]]] = {
    "waiting": ("waiting longest", [F("waiting_since").asc(nulls_last=True), "loop_id"]),
    "seen": ("seen last", [F("last_seen_at").desc(nulls_last=True), "loop_id"]),
    "failures": ("failures seen", ["-failures_seen", "loop_id"]),
    "people": ("people hit", ["-people_seen", "loop_id"]),
    "tokens": ("tokens spent", ["-tokens_seen", "loop_id"]),
    "severity": ("severity", ["-severity", "-urgency", "loop_id"]),
    "project": ("project", ["project_id", "-urgency", "loop_id"]),
}


class NarrowPaginator(LoopPaginator):
    """A paginator that reads the sorted ids in one query, and the rows of one page only."""

    @cached_property
    def ids(self) -> list[str]:
        """The ids of all rows, in order."""
        return list(cast("QuerySet[Loop]", self.object_list).values_list("pk", flat=True))

    @cached_property
    def count(self) -> int:
        """The number of rows."""
        return len(self.ids)

    def page(self, number: int | str) -> Page[Loop]:
        """The page of that number, in the order of the list. Django pages a loop's history by it, too."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        rows = cast("QuerySet[Loop]", self.object_list)
        shown = rows.filter(pk__in=self.ids[first : first + self.per_page])
        return Page(shown.prefetch_related("environments") if rows.model is Loop else shown, number, self)


class Queue(OwnFiltersList):
    """The change list, with the rule of urgency that its template shows."""

    rule = urgency.RULE

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Loop]:
        """The loops, without their documents."""
        rows: QuerySet[Loop] = super().get_queryset(request, exclude_parameters)
        return rows.defer(*DOCUMENTS)

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows of the page by their ids, also if it is the only one."""
        super().get_results(request)
        if not self.multi_page:
            self.result_list = self.paginator.page(1).object_list

    @property
    def link(self) -> str:
        """The URL query of this list, without empty parameters."""
        return urlencode(sorted((name, value) for name, value in self.params.items() if value))


def ordering(name: str) -> list[str | Combinable]:
    """The order of that name; the order by urgency for any other name."""
    return ORDERS[name][1] if name in ORDERS else URGENCY
