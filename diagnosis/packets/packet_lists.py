"""
Packets in lists: a summary of each, read from the document by the database, which hands out no more than that.

A document has 200 KB and more, and takes ten times as much once it is parsed.
https://www.sqlite.org/json1.html#jarraylen, https://www.postgresql.org/docs/current/functions-json.html
"""

from __future__ import annotations

from typing import Any

from django.db.models import Func, IntegerField, QuerySet
from django.db.models.fields.json import KT, KeyTransform

from diagnosis.models import Packet


class IssueCount(Func):
    """The number of issues in a document."""

    function, output_field = "JSON_ARRAY_LENGTH", IntegerField()
    template = "%(function)s(%(expressions)s, '$.issues')"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The same for a column of type jsonb."""
        return self.as_sql(
            compiler, connection, template="jsonb_array_length(%(expressions)s -> 'issues')", **context
        )


def summarised(packets: QuerySet[Packet]) -> QuerySet[Packet]:
    """The packets without their documents, with what `packet_in_short` shows of these."""
    return packets.defer("document").annotate(
        issue_count=IssueCount("document"),
        failure_count=KeyTransform("failures", "document"),
        window_shown=KeyTransform("window", "document"),
        time_shown=KT("document__created_at"),
    )


def packet_in_short(packet: Any) -> dict[str, Any]:
    """The summary of a packet that was read by `summarised`."""
    return {
        "packet_id": packet.packet_id,
        "status": packet.status,
        "issues": packet.issue_count,
        "failures": packet.failure_count,
        "window": packet.window_shown,
        "created_at": packet.time_shown,
    }
