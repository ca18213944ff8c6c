"""The handoff in Markdown holds each value from telemetry unchanged, between marks that no value ends."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.handoff import bundle
from telemetry.normalise import MAX_TEXT
from tests.diagnosis.display.test_exact_text import KNOWN, SPECIAL, read_back
from tests.diagnosis.factory import make_issue
from tests.security.voice.canaries import CANARY, CanaryWorld

VALUES = st.one_of(st.text(max_size=80), st.text(SPECIAL, max_size=80), st.sampled_from(KNOWN)).map(
    lambda text: text[:280] or "x"
)
# The values of a bundle, in the order in which the document has them.
PLACES = (
    "decided_by",
    "reason",
    "title",
    "message",
    "operation",
    "service",
    "differing",
    "failing",
    "healthy",
    "input",
    "step",
    "verify",
    "refuted",
    "record",
)
HEADINGS = ["Approved fix of loop_1", "Plan", "Evidence", "Eval candidate"]


def bundle_of(values: dict[str, str]) -> dict[str, Any]:
    """A bundle with these values."""
    issue = make_issue() | {name: values[name] for name in ("title", "message", "operation", "service")}
    issue |= {"severity_reason": "low", "trend_reason": None, "quiet_since": None, "shared_traces": []}
    difference = {"name": values["differing"], "failing": values["failing"], "healthy": values["healthy"]}
    issue["contrast"] = {
        "failing_id": "rec_1",
        "healthy_id": "rec_1",
        "differences": [difference],
        "left_out": 0,
    }
    inputs = [{"record_id": "rec_1", "count": 1, "input": values["input"], "truncated": False}]
    issue["failing_inputs"] = {"looked_at": 1, "distinct": 1, "inputs": inputs}
    plan = {
        "lever": "tools",
        "steps": [{"step": 1, "detail": "Look at {step}.", "with": {"text": {"step": values["step"]}}}],
        "verify": "{verify} works.",
        "refuted_by": "{refuted} fails.",
        "with": {"text": {"verify": values["verify"], "refuted": values["refuted"]}},
    }
    approval = {name: values[name] for name in ("decided_by", "reason")}
    record = {"record_id": "rec_1", "start_time": "2026-05-04T12:00:00Z", "message": values["record"]}
    return {
        "loop_id": "loop_1",
        "approval": approval | {"decided_at": "2026-05-04T12:00:00Z"},
        "first_approval": None,
        "issue": issue,
        "patch_plan": plan,
        "earlier_fixes": [],
        "evidence": [record],
        "eval_candidate": {"cases": list(values.values())},
        "next_action": "Change it.",
    }


def blocks(text: str) -> list[Token]:
    """The tokens of a document."""
    return MarkdownIt("commonmark").parse(text)


def values_read(text: str) -> list[str]:
    """Each value of the document as a reader of it has it; of LoopKit's own code, ids alone, there is none."""
    found: list[str] = []
    notes = ""
    for token in blocks(text):
        if token.info == "text":
            # What is said of a decider's name, before the time of the decision, is not said of the reason below.
            found.append(read_back(token.content.removesuffix("\n"), notes.rpartition(" UTC")[2]))
        pieces = token.children or []
        if token.type == "inline":
            notes = " ".join(piece.content for piece in pieces if piece.type == "text")
        for number, piece in enumerate(pieces):
            after = pieces[number + 1].content if number + 1 < len(pieces) else ""
            if piece.type == "code_inline" and not re.fullmatch(r"rec_1|shipped", piece.content):
                found.append(read_back(piece.content, after))
    return found


@given(st.fixed_dictionaries(dict.fromkeys(PLACES, VALUES)))
def test_every_value_of_a_handoff_is_read_back_and_none_is_markup(values: dict[str, str]) -> None:
    values = {name: value if value not in ("rec_1", "shipped") else "x" for name, value in values.items()}

    text = bundle.bundle_markdown(bundle_of(values))

    found = blocks(text)
    headings = [found[n + 1].content for n, token in enumerate(found) if token.type == "heading_open"]
    assert headings == HEADINGS
    assert not [token for token in found if token.type in ("html_block", "hr", "code_block", "table_open")]
    assert show_hidden(text) == text
    expected = [
        values[name].replace("\r\n", "\n") if "\n" in values[name] else values[name] for name in PLACES
    ]
    expected[PLACES.index("input")] = json.dumps(values["input"], ensure_ascii=False)
    read = [value.replace("\r\n", "\n") if "\n" in value else value for value in values_read(text)]
    assert read == expected


def test_what_is_stored_cut_says_so() -> None:
    record = {"record_id": "rec_1", "start_time": "2026-05-04T12:00:00Z", "message": "m" * MAX_TEXT}

    [line] = bundle.evidence_lines(record)

    assert f"the first {MAX_TEXT} characters" in line


@pytest.mark.parametrize("form", ["md"])
def test_values_of_strangers_are_in_a_handoff_as_they_were_sent(
    world: CanaryWorld, call: Any, form: str
) -> None:
    path = f"/v1/loops/{world.ids['loop_id']}/handoff"
    data = call("GET", path, world.keys["agent"]).json()
    text = call("GET", f"{path}?format={form}", world.keys["agent"]).content.decode()

    sent = [data["issue"][name] for name in ("title", "operation", "service", "message")]
    sent += [record["message"] for record in data["evidence"]]

    read = {show_hidden(value) for value in values_read(text)}  # as JSON shows them
    assert any(CANARY.search(value) for value in sent if value)
    assert {value for value in sent if value} <= read
