"""docs/approval.md says what the code does."""

from __future__ import annotations

import hashlib
import json
import re
import struct

from diagnosis.loops import content_hash, growth
from loopkit.roles import ROLES
from telemetry.reads.digests import digest_of_parts
from tests import ROOT

TEXT = (ROOT / "docs" / "approval.md").read_text()


def test_the_page_names_every_role_in_its_order() -> None:
    assert re.findall(r"^\| `([a-z ]+)` \|", TEXT, re.MULTILINE) == list(ROLES)


def test_the_page_names_how_far_a_rejected_failure_may_grow() -> None:
    usual, fewest, most = re.findall(r"grows so many times \((\d+), .*? from (\d+) to (\d+)\)", TEXT)[0]

    assert (int(usual), int(fewest), int(most)) == (growth.USUAL, growth.FEWEST, growth.MOST)
    assert growth.CHANCE.low == 0.001
    assert "at 0.1 %" in TEXT


def test_the_hash_is_made_as_the_page_says() -> None:
    parts = {"issue": "1f", "eval": None, "evidence": {"rec_b": "2e", "rec_a": None}}
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()

    record = b"".join(struct.pack(">Q", len(part)) + part for part in (b"resource", b"scope", b"span"))

    assert content_hash.hashed(parts) == hashlib.sha256(canonical).hexdigest()
    assert digest_of_parts(b"resource", b"scope", b"span") == hashlib.sha256(record).hexdigest()


def test_the_page_names_what_is_left_out_of_the_hash() -> None:
    left_out = TEXT.partition("Left out is the live state of its loop: ")[2].partition(".")[0]

    assert set(re.findall(r"`(\w+)`", left_out)) == content_hash.LIVE_FIELDS
