"""
Packets in lists: a summary of each, read from the document by the database, which hands out no more than that.

A document has 200 KB and more, and takes ten times as much once it is parsed.
https://www.sqlite.org/json1.html#jarraylen, https://www.postgresql.org/docs/current/functions-json.html
"""

from __future__ import annotations

from typing import Any

from django.db.models import Func, JSONField, QuerySet

from diagnosis.models import Packet


class Summary(Func):
    """The number of issues in a document, its failures, its window and its time, as one JSON array."""

    output_field = JSONField()
    template = (
        "JSON_ARRAY(JSON_ARRAY_LENGTH(%(expressions)s, '$.issues'), JSON_EXTRACT(%(expressions)s, '$.failures'),"
        " JSON_EXTRACT(%(expressions)s, '$.window'), JSON_EXTRACT(%(expressions)s, '$.created_at'))"
    )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The same for a column of type jsonb."""
        template = (
            "JSONB_BUILD_ARRAY(JSONB_ARRAY_LENGTH(%(expressions)s -> 'issues'), %(expressions)s -> 'failures',"
            " %(expressions)s -> 'window', %(expressions)s -> 'created_at')"
        )
        return self.as_sql(compiler, connection, template=template, **context)


def summarised(packets: QuerySet[Packet]) -> QuerySet[Packet]:
    """The packets without their documents, with what `packet_in_short` shows of these."""
    return packets.defer("document").annotate(summary=Summary("document"))


def packet_in_short(packet: Any) -> dict[str, Any]:
    """The summary of a packet that was read by `summarised`."""
    issues, failures, window, created_at = packet.summary
    return {
        "packet_id": packet.packet_id,
        "status": packet.status,
        "issues": issues,
        "failures": failures,
        "window": window,
        "created_at": created_at,
    }
