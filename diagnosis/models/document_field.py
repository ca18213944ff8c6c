"""
The column of a JSON document that is written and read whole, such as a packet: orjson takes a fifth of json's time.

What orjson does not write, or reads as another value, such as whole numbers of more than 64 bits, json does:
https://github.com/ijl/orjson#int
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
from django.db import models

# As json does, nothing is written that JSON has no form for.
STRICT = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

# With each digit as 0, in bytes: how a number looks that may have more than 64 bits, which are 20 digits or fewer.
DIGITS = bytes(ord("0") if chr(byte) in "0123456789" else byte for byte in range(256))
LONG_NUMBER = b"0" * 20


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
            """The document; json reads what orjson does not, and numbers of which orjson keeps the first digits."""
            try:
                text = value.encode()
                if LONG_NUMBER not in text.translate(DIGITS):
                    return orjson.loads(text)
            except (orjson.JSONDecodeError, AttributeError, UnicodeEncodeError):
                pass
            return super().from_db_value(value, expression, connection)
