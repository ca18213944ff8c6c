"""
The base of all admins: a list is filtered by what its own filters offer and by nothing else, and ids that no row can
have are refused before the database sees them.

Django lets a URL filter a list by every field of its rows, with every lookup: also with a regular expression, which
SQLite runs in Python and no other thread can interrupt, and by who else a row is related to.
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#django.contrib.admin.ModelAdmin.lookup_allowed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Field, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest

# The generic parameters exist in the type stubs only.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ManyRowsField = ModelMultipleChoiceField[Any]
else:
    ModelAdmin = admin.ModelAdmin
    ManyRowsField = ModelMultipleChoiceField


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


class PossibleRowsField(ManyRowsField):
    """A choice of several rows, which takes an id that no row can have for a wrong choice."""

    def clean(self, value: Any) -> Any:
        """The rows. Raises ValidationError, as for an unknown id, where Django's query would raise OverflowError."""
        rows = self.queryset
        for key in value or ():
            if rows is not None and not is_possible_key(rows.model._meta.pk, key):
                message = self.error_messages["invalid_pk_value"]
                raise ValidationError(message, code="invalid_pk_value", params={"pk": key})
        return super().clean(value)


class RefusingAdmin(ModelAdmin):
    """The base."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The change list that refuses other parameters than its own."""
        return OwnFiltersList

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Run the chosen action on the selected rows, without ids that no row can have."""
        chosen = request.POST.copy()
        selected = chosen.getlist(ACTION_CHECKBOX_NAME)
        possible = [key for key in selected if is_possible_key(self.opts.pk, key)]
        chosen.setlist(ACTION_CHECKBOX_NAME, possible)
        request.POST = chosen  # type: ignore[assignment]
        return super().response_action(request, queryset, *args, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The field of a relation to several rows, which refuses ids that no row can have."""
        return super().formfield_for_manytomany(
            db_field, request, **{"form_class": PossibleRowsField, **kwargs}
        )


def is_possible_key(field: Field[Any, Any] | None, text: str) -> bool:
    """
    Whether a primary key could be this text: of its type, and within its bounds. PostgreSQL takes no NUL.

    https://docs.djangoproject.com/en/5.2/ref/models/instances/#django.db.models.Field.clean
    """
    assert field is not None
    try:
        field.run_validators(field.to_python(text))
    except ValidationError:
        return False
    return "\0" not in text
