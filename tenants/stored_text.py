"""
Model fields whose texts are stored without secrets, whoever writes them: a client of the API, staff, or a command.

https://docs.djangoproject.com/en/5.2/howto/custom-model-fields/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from tenants.redactor import without_secrets

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]
else:
    AnyField = models.Field  # it takes no parameters when the program runs


class StoredWithoutSecrets(AnyField):
    """A field of text or JSON that redacts what it stores, and what it is compared with."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The value without secrets, which the instance then has, too."""
        value = self.without_secrets(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value

    def get_prep_value(self, value: Any) -> Any:
        """The value without secrets, for statements that need no instance."""
        return super().get_prep_value(self.without_secrets(value))

    def without_secrets(self, value: Any) -> Any:
        """The value without secrets, no longer than the column: a mark can be longer than what it replaces."""
        value = without_secrets(value)
        return value[: self.max_length] if isinstance(value, str) and self.max_length else value

    def deconstruct(self) -> Any:
        """As the plain field: the column is the same, so migrations need not know this class."""
        name, _, arguments, options = super().deconstruct()
        return name, f"django.db.models.{type(self).__mro__[2].__name__}", arguments, options


if TYPE_CHECKING:  # to a type checker they are the fields whose columns they are
    RedactedCharField = models.CharField
    RedactedTextField = models.TextField
    RedactedEmailField = models.EmailField
    RedactedJSONField = models.JSONField
else:

    class RedactedCharField(StoredWithoutSecrets, models.CharField):
        """A short text without secrets."""

    class RedactedTextField(StoredWithoutSecrets, models.TextField):
        """A text without secrets."""

    class RedactedEmailField(StoredWithoutSecrets, models.EmailField):
        """A mail address without secrets."""

    class RedactedJSONField(StoredWithoutSecrets, models.JSONField):
        """JSON whose texts hold no secrets."""
