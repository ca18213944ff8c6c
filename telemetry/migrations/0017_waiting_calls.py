"""
What waiting log records tell of: the call inside the span that they name, as the version of this migration finds it.

The rules are frozen here: no change of the product may change what an upgrade of an old store does.
"""

from hashlib import blake2b
from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Span

CHUNK = 200
EVENT = "loopkit.log_event"
CALLS = {  # the unit of the call, and the attribute with its id, by event
    "claude_code.assistant_response": ("llm_call", "request_id"),
    "claude_code.api_response_body": ("llm_call", "request_id"),
    "claude_code.tool_result": ("tool_call", "tool_use_id"),
}
READ = "SELECT trace_id, span_id, log_id, content FROM telemetry_waitinglog"
WRITE = """
    UPDATE telemetry_waitinglog SET call_key = %s, time_unix_nano = %s
    WHERE trace_id = %s AND span_id = %s AND log_id = %s
"""


def note_calls(apps: StateApps, schema_editor: Any) -> None:
    """Note the call and the time of each log record that waits."""
    reading, writing = schema_editor.connection.cursor(), schema_editor.connection.cursor()
    reading.execute(READ)
    found = []
    while rows := reading.fetchmany(CHUNK):
        found += [(*call, *map(bytes, ids)) for *ids, content in rows if (call := call_of(bytes(content)))]
    for values in found:
        writing.execute(WRITE, values)


def call_of(content: bytes) -> tuple[int, int] | None:
    """The hash of the call that a log record tells of, and the time of the log record; None if it tells of none."""
    try:
        span = Span.FromString(content)
    except DecodeError:
        return None
    attributes = {pair.key: pair.value for pair in span.attributes}
    event = attributes[EVENT].string_value if EVENT in attributes else ""
    unit, name = CALLS.get(event, ("", ""))
    value = attributes[name] if name in attributes else None
    call_id = value.string_value or str(value.int_value or "") if value else ""
    if not unit or (unit == "tool_call" and not call_id):
        return None
    digest = blake2b(f"{unit}\x00{call_id}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1, min(span.end_time_unix_nano, (1 << 63) - 1)


class Migration(migrations.Migration):

    dependencies = [
        ('telemetry', '0016_repeated_logs'),
    ]

    operations = [
        migrations.AddField(
            model_name='waitinglog',
            name='call_key',
            field=models.BigIntegerField(default=0, help_text='The call inside that span which it tells of, as a hash; 0 for none.'),
        ),
        migrations.AddField(
            model_name='waitinglog',
            name='time_unix_nano',
            field=models.BigIntegerField(default=0),
        ),
        migrations.RunPython(note_calls, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='waitinglog',
            index=models.Index(fields=['trace_id', 'span_id', 'call_key', 'time_unix_nano'], name='waiting_log_call'),
        ),
    ]
