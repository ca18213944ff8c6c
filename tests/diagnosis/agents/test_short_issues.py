"""An issue in short says of how many traces its counts are, where these are from a sample."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.agents.short_issues import issue_facts, issue_line, list_lines, short_evidence
from diagnosis.agents.tool_words import naming_tools
from tests.diagnosis.factory import make_issue

SAMPLED = {"traces_read": 400, "traces": 9_000, "records": [800, 900], "share": [0.1, 0.2]}


def sampled_issue(sampled: dict[str, Any] | None) -> dict[str, Any]:
    """An issue whose impact was measured so."""
    issue = make_issue(loop_id="loop_0123456789abcdef")
    return issue | {"impact": issue["impact"] | {"sampled": sampled}}


@pytest.mark.parametrize("short", [issue_line, issue_facts])
def test_counts_of_a_sample_say_so(short: Any) -> None:
    assert short(sampled_issue(SAMPLED))["sampled"] == {"traces_read": 400, "traces": 9_000}
    assert "sampled" not in short(sampled_issue(None))


def test_every_line_of_a_list_has_a_title() -> None:
    issues = [
        sampled_issue(None) | {"status": status} for status in ("new", "in_progress", "verified", "rejected")
    ]

    assert [line["text"]["title"][:10] for line in list_lines(issues)] == [issues[0]["title"][:10]] * 4


def test_evidence_names_its_page_where_a_caller_has_paths() -> None:
    issue = make_issue(
        evidence_ids=[f"rec_{n}" for n in range(5)], evidence_url="/v1/telemetry?cluster_id=clu_1"
    )

    with naming_tools():
        of_tools = short_evidence(issue)
    assert of_tools == {
        "records": [{"record_id": f"rec_{n}"} for n in range(3)],
        "evidence_ids": ["rec_3", "rec_4"],
    }
    assert short_evidence(issue) == of_tools | {"evidence_url": issue["evidence_url"]}
