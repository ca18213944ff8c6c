"""Records and sessions in short: lines of a list, a summary, and the columns of a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.agents.envelope import IN_ONE, cut_texts, under_text
from telemetry.api.record_forms import FULL, LINE, OWN_FIELDS, SUMMARY

STEP_TEXT = 120  # characters of a text in a session's row
COLUMNS = ("record_id", "at_s", "ms", "outcome", "text")


def record_in(detail: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record at that level of detail."""
    return {LINE: short_record, SUMMARY: record_summary, FULL: whole_record}[detail](record)


def short_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record in a list."""
    return {
        "record_id": record["record_id"],
        "start_time": record["start_time"],
        "ms": round(record["duration_ms"], 1),
        "outcome": record["outcome"],
    } | under_text(operation=record["operation"], service=record["service"], message=record["message"])


def record_summary(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record's facts without its content."""
    numbers = ("trace_id", "parent_span_id", "kind", "signal_type", "severity", "cluster_id")
    counts = {name: record[name] for name in ("input_tokens", "output_tokens") if record[name] is not None}
    texts = (
        "operation",
        "service",
        "environment",
        "release",
        "agent",
        "tool",
        "model",
        "session_id",
        "user_id",
    )
    return (
        {name: value for name, value in short_record(record).items() if name != "text"}
        | {name: record[name] for name in numbers if record[name] is not None}
        | counts
        | under_text(
            IN_ONE, name=record["name"], message=record["message"], **{name: record[name] for name in texts}
        )
    )


def whole_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record's facts and what it was sent with."""
    content = {
        name: record[name] for name in ("attributes", "events", "links", "capture") if record.get(name)
    }
    resource, scope = record["resource"]["attributes"], record["scope"]
    about = {"resource": resource, "scope": {name: scope[name] for name in ("name", "version")}}
    facts = record_summary(record)
    return facts | {"text": facts.get("text", {}) | cut_texts(content | about, IN_ONE)}


def chosen_fields(names: tuple[str, ...], record: Mapping[str, Any]) -> dict[str, Any]:
    """The record's id and those of the fields that it has, what its sender wrote under `text`."""
    present = {name: record[name] for name in names if record[name] not in (None, "", {}, [])}
    own = {name: value for name, value in present.items() if name in OWN_FIELDS}
    text = {name: cut_texts(value, IN_ONE) for name, value in present.items() if name not in OWN_FIELDS}
    return {"record_id": record["record_id"]} | own | ({"text": text} if text else {})


def session_line(session: Mapping[str, Any]) -> dict[str, Any]:
    """A session in a list."""
    facts = ("outcome", "turns", "failures", "start_time", "input_tokens", "output_tokens", "feedback")
    texts = ("session_id", "agent", "user_id", "service", "environment")
    return {name: session[name] for name in facts if session[name]} | under_text(
        **{name: session[name] for name in texts}
    )


def session_rows(records: list[dict[str, Any]]) -> list[list[Any]]:
    """The records of a session as rows of COLUMNS, `at_s` in seconds from the first of them."""
    begin = min((record["start_time_unix_nano"] for record in records), default=0)
    return [
        [
            record["record_id"],
            round((record["start_time_unix_nano"] - begin) / 1e9, 3),
            round(record["duration_ms"], 1),
            record["outcome"],
            under_text(STEP_TEXT, operation=record["operation"], message=record["message"]).get("text", {}),
        ]
        for record in records
    ]
