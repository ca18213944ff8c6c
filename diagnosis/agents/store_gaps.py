"""What the store lacks of a window, for `completeness`: spans over the quota, refused or with odd times; samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.agents.api_calls import Api
from telemetry.windows import MAX_MINUTES

REASONS_SHOWN = 3  # the most frequent; the ledger has all of them

JsonObject = dict[str, Any]


def gaps_of_window(api: Api, window: Mapping[str, Any]) -> JsonObject:
    """What the hours of the window lack, as the ledger counts it; {} for nothing, and for a window without an end."""
    if window["since_minutes"] > MAX_MINUTES:
        return {}
    entries = api.get("ledger", since_minutes=window["since_minutes"], until=window["end"])["entries"]
    return most_missing([entry for entry in entries if entry["missing"]])


def gaps_of_packet(completeness: Mapping[str, Any]) -> JsonObject:
    """What a packet says that it lacks: its counts, and its note on what is left out or taken from a sample."""
    if completeness["complete"]:
        return {}
    return most_missing(completeness.get("unseen", [])) | {"note": completeness["note"]}


def most_missing(entries: list[JsonObject]) -> JsonObject:
    """The largest counts by reason."""
    counted = sorted((entry for entry in entries if entry["count"]), key=lambda entry: -entry["count"])
    counts = {entry["reason"]: entry["count"] for entry in counted[:REASONS_SHOWN]}
    return {"missing": counts} if counts else {}
