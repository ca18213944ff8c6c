"""
The base of all admins: a list is filtered by what its own filters offer and by nothing else.

Django lets a URL filter a list by every field of its rows, with every lookup: also with a regular expression, which
SQLite runs in Python and no other thread can interrupt, and by who else a row is related to.
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#django.contrib.admin.ModelAdmin.lookup_allowed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

# The generic parameter exists in the type stubs only.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class OwnFiltersList(ChangeList):
    """A change list that refuses parameters that none of its filters takes, and values that a filter cannot use."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Raises DisallowedModelAdminLookup, a 400, in place of Django's redirect, whose page blames the database."""
        try:
            super().__init__(*args, **kwargs)
        except IncorrectLookupParameters as error:
            raise DisallowedModelAdminLookup("A filter has a wrong value") from error

    def get_filters(self, request: HttpRequest) -> Any:
        """Django's. A filter removes its own parameters, so that those which are left belong to none."""
        found = super().get_filters(request)
        _, _, unused_parameters, _, _ = found
        if unused_parameters:
            raise DisallowedModelAdminLookup("Filtering by a parameter that the list does not offer")
        return found

    def get_results(self, request: HttpRequest) -> None:
        """Read the requested page; the first one if the requested page does not exist any more."""
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            self.page_num = 1
            super().get_results(request)


class RefusingAdmin(ModelAdmin):
    """The base."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The change list that refuses other parameters than its own."""
        return OwnFiltersList
