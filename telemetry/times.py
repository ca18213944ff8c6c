"""Times as answers write them: RFC 3339 in UTC, with a Z."""

from datetime import UTC, datetime

from telemetry.windows import moment


def rfc3339(time: datetime | int) -> str:
    """A datetime, or unix nanoseconds."""
    value = moment(time) if isinstance(time, int) else time
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
