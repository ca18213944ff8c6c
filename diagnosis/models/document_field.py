"""
The column of a JSON document that is written and read whole, such as a packet: orjson takes a fifth of json's time.

What orjson does not write or read, such as numbers of more than 64 bits, json does: https://github.com/ijl/orjson
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
from django.db import models

# As json does, nothing is written that JSON has no form for.
STRICT = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


class DocumentEncoder(json.JSONEncoder):
    """Encodes a document in UTF-8 without spaces."""

    def encode(self, o: Any) -> str:
        """The document as JSON. Raises TypeError for what JSON has no form for."""
        try:
            return orjson.dumps(o, option=STRICT).decode()
        except orjson.JSONEncodeError:
            return super().encode(o)


if TYPE_CHECKING:
    DocumentField = models.JSONField  # to a type checker it is the field whose column it is
else:

    class DocumentField(models.JSONField):
        """A JSON document that no query looks into: its text is not the one that lookups compare with."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, encoder=DocumentEncoder, **options)

        def deconstruct(self) -> Any:
            """As the plain field: the column is the same, so migrations need not know this class."""
            name, _, arguments, options = super().deconstruct()
            del options["encoder"]
            return name, "django.db.models.JSONField", arguments, options

        def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
            """The document; json reads what orjson does not."""
            try:
                return orjson.loads(value)
            except (orjson.JSONDecodeError, TypeError):
                return super().from_db_value(value, expression, connection)
