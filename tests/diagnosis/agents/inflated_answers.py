"""Answers of the HTTP API made longer: more rows, longer texts of strangers, larger numbers, longest sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from diagnosis.agents import api_calls, budgeted_reads
from diagnosis.loops import next_action
from tests.security.voice.canaries import CANARY

MOST_ROWS = 60
LONGEST_WAY = max(next_action.INSTEAD.values(), key=len).format(id="loop_0123456789abcdef")
SIDE = {"failures": 7, "exposure": 90}
EFFECT = {
    "cluster_id": "clu_00000000000000a1",
    "loop_id": "loop_0123456789abcdef",
    "title": "zqtitlezq",
    "service": "zqservicezq",
    "operation": "zqoperationzq",
    "linked_by": ["same requests", "begins with the release"],
    "shared": ["zqattributezq"],
    "counted": "requests",
    "failures_before": 1,
    "exposure_before": 2,
    "failures_after": 3,
    "exposure_after": 4,
}
# What is in a list that is empty in the project of the tests, and in place of null.
ROWS: dict[str, list[Any]] = {
    "side_effects": [EFFECT],
    "moved_to": [{"cluster_id": "clu_00000000000000a2", "failures_before": 1, "failures_after": 9}],
    "environments": [],
    "left_out": [{"release": "zqreleasezq", "records": 3, "failures": 1}],
}
VALUES: dict[str, Any] = {
    "instead": LONGEST_WAY,
    "regressed_in": "zqreleasezq",
    "release_note": "No record names {release}.",
    "unseen_note": "Some spans of these hours were refused.",
    "quota_note": "The quota has no room for them.",
    "ratio_of": {"quantile": 0.9, "above_ms": 12.5, "before": SIDE, "after": SIDE},
}
COUNTS = frozenset(
    {
        "failures", "exposure", "records", "count", "operation_records", "sessions", "users", "failures_before",
        "exposure_before", "failures_after", "exposure_after",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inflation:
    """How much longer an answer is."""

    rows: int  # of each list, at least where it has one
    text: int  # times that each text of strangers is repeated
    number: int  # that counts are multiplied by
    next_action: str  # "": as it is

    def of(self, value: Any, name: str = "") -> Any:
        """The value, which stands under that name, made longer."""
        if isinstance(value, dict):
            return {
                key: self.of(VALUES[key] if inner is None and key in VALUES else inner, key)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            rows = [self.of(inner) for inner in value or ROWS.get(name, [])]
            return (rows * max(1, self.rows))[: max(len(rows), MOST_ROWS)]
        if isinstance(value, int) and not isinstance(value, bool):
            return value * self.number if name in COUNTS else value
        if isinstance(value, str) and name != "eval_candidate" and CANARY.search(value):
            return value * self.text
        return self.next_action or value if name == "next_action" else value

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block, tools and budgets read the API's answers like this."""
        read = api_calls.json_of

        def longer(response: Any) -> Any:
            document = read(response)
            return self.of(document) if "entries" not in document else document

        with (
            mock.patch.object(api_calls, "json_of", longer),
            mock.patch.object(budgeted_reads, "json_of", longer),
        ):
            yield
