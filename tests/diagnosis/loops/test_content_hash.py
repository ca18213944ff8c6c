"""What a decision binds to: the hash over issue, plan, evidence and eval, and which part changed."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from typing import Any

import pytest

from diagnosis.loops import content_hash
from diagnosis.models import EvalCandidate, Loop
from telemetry.models import Origin, Record
from telemetry.reads.digests import DigestedRecord
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.diagnosis.factory import NOW, make_loop
from tests.telemetry.factory import span, span_id, store, trace_id

RECORD = f"rec_{trace_id('t')}{span_id('call')}"


@pytest.fixture
def loop(alice: MintedProject) -> Loop:
    """A loop with one record as evidence."""
    store(alice.project, [span("call", trace="t", id="call", at=NOW, error="no stock")], NOW)
    return make_loop(alice.project, evidence_ids=[RECORD])


def parts(loop: Loop, issue: dict[str, Any]) -> content_hash.Parts:
    """The hashes of the parts, as a decision of version 1 keeps them."""
    return content_hash.stored_content(loop, issue).parts(1)


def test_the_hash_is_that_of_the_canonical_json_of_the_hashes_of_the_parts() -> None:
    hashes = {"issue": "aa", "eval": None, "evidence": {"rec_2": "cc", "rec_1": None}}

    by_hand = hashlib.sha256(b'{"eval":null,"evidence":{"rec_1":null,"rec_2":"cc"},"issue":"aa"}').hexdigest()

    assert content_hash.hashed(hashes) == by_hand


def test_where_the_loop_stands_is_no_part_of_the_content(loop: Loop) -> None:
    entry = loop.issue | {"status": "in_progress", "next_action": "...", "loop_id": loop.pk, "approval": {}}

    assert parts(loop, entry) == parts(loop, loop.issue)


@pytest.mark.parametrize(
    "change",
    [{"title": "another"}, {"count": 38}, {"patch_plan": {"lever": "prompt", "steps": []}}],
)
def test_every_other_change_of_the_issue_changes_the_hash(loop: Loop, change: dict[str, Any]) -> None:
    was, now = parts(loop, loop.issue), parts(loop, loop.issue | change)

    assert content_hash.hashed(was) != content_hash.hashed(now)
    assert content_hash.changed_parts(was, now) == ["the issue or its patch plan was changed"]


def test_another_eval_under_the_same_name_is_told(loop: Loop) -> None:
    was = parts(loop, loop.issue)
    candidate = EvalCandidate.objects.get()
    EvalCandidate.objects.update(document=candidate.document | {"expectation": "Anything goes."})

    changed = content_hash.changed_parts(was, parts(loop, loop.issue))
    EvalCandidate.objects.all().delete()
    gone = content_hash.changed_parts(was, parts(loop, loop.issue))

    assert (changed, gone) == (["the eval was changed"], ["the eval is not stored any more"])


def test_a_record_that_is_gone_is_named(loop: Loop, alice: MintedProject) -> None:
    was = parts(loop, loop.issue)
    with bind(alice.project):
        Record.objects.all().delete()

    assert content_hash.changed_parts(was, parts(loop, loop.issue)) == [
        f"the record {RECORD} is not stored any more"
    ]


def test_another_content_under_a_records_id_is_told(loop: Loop, alice: MintedProject) -> None:
    was = parts(loop, loop.issue)
    with bind(alice.project):
        Origin.objects.update(message=b"")

    assert content_hash.changed_parts(was, parts(loop, loop.issue)) == [
        f"the record {RECORD} is not what was seen"
    ]


def test_columns_that_a_later_version_makes_anew_change_nothing(loop: Loop, alice: MintedProject) -> None:
    was = parts(loop, loop.issue)
    with bind(alice.project):
        Record.objects.update(operation="renamed", signal_type="error")

    assert content_hash.changed_parts(was, parts(loop, loop.issue)) == []


def test_integers_of_any_size_have_a_hash() -> None:
    assert content_hash.hashed({"n": 10**40}) != content_hash.hashed({"n": 10**40 + 1})


def test_version_1_hashes_the_issue_the_eval_and_the_evidence_as_it_always_did() -> None:
    stored = content_hash.StoredContent(
        {"title": "t", "status": "new"}, {"eval_id": "e"}, {"rec_1": DigestedRecord("cc", {}), "rec_2": None}
    )

    hashes = stored.parts(1)

    assert hashes == {
        "issue": hashlib.sha256(b'{"title":"t"}').hexdigest(),
        "eval": hashlib.sha256(b'{"eval_id":"e"}').hexdigest(),
        "evidence": {"rec_1": "cc", "rec_2": None},
    }


def test_a_part_that_a_later_version_adds_is_named() -> None:
    was = {"issue": "a", "eval": None, "evidence": {}, "approvers": "b"}

    assert content_hash.changed_parts(was, was | {"approvers": "c"}) == ["the approvers was changed"]


def test_several_records_are_counted() -> None:
    was = {"issue": "a", "eval": None, "evidence": {"rec_1": "b", "rec_2": "c"}}
    now = deepcopy(was) | {"evidence": {"rec_1": None, "rec_2": None}}

    assert content_hash.changed_parts(was, now) == ["2 of its records are not stored any more"]
