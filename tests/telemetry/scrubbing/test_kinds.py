"""
Each row of the list of kinds: a made-up secret is redacted, and what nearly is one stays.

The tests are made from the rows, so that a new row is tested by existing.
"""

from __future__ import annotations

import json

import pytest

from telemetry.scrubbing.kinds.kind import SecretKind
from telemetry.scrubbing.kinds.table import KINDS
from telemetry.scrubbing.texts import MARK, redacted
from tests.telemetry.scrubbing.made_up import NAMES, ROWS, made_up, wordy
from tests.telemetry.scrubbing.sent import scrubbed, sent, values_of

AROUND = ["{}", "it said {}, then stopped", "a=1&b={}&c=2", "line one\\n{}\\tend", "<v>{}</v>", "x%3D{}%26"]


@pytest.mark.parametrize(("kind", "anchor"), ROWS, ids=NAMES)
def test_a_made_up_secret_is_redacted_in_any_text(kind: SecretKind, anchor: str) -> None:
    for secret in (made_up(kind, anchor), made_up(kind, anchor, longest=True)):
        for around in AROUND:
            assert secret not in redacted(around.format(secret))[0], around
        nested = redacted(json.dumps({"arguments": json.dumps({"note": f"it is\n{secret}"})}))[0]
        assert secret not in nested
        assert json.loads(json.loads(nested)["arguments"])["note"].startswith("it is\n")


@pytest.mark.parametrize(("kind", "anchor"), ROWS, ids=NAMES)
def test_a_made_up_secret_leaves_a_request(kind: SecretKind, anchor: str) -> None:
    secret = made_up(kind, anchor)
    message = sent({"note": secret, "list": [secret], secret: 1}, name=secret)

    scrubbed(message)

    assert secret.encode() not in message.SerializeToString()


@pytest.mark.parametrize(("kind", "anchor"), ROWS, ids=NAMES)
def test_what_is_nearly_a_secret_stays(kind: SecretKind, anchor: str) -> None:
    runs = [part.shortest for part in (kind.head, *kind.tail) if part and not isinstance(part, str)]
    near = [made_up(kind, anchor, missing=max(runs) // 2 + 1), *wordy(kind, anchor)]

    for text in (*near, f"see {near[0]} here", anchor, f"{anchor} {anchor}"):
        assert redacted(text) == (text, 0)


@pytest.mark.parametrize(("kind", "anchor"), ROWS, ids=NAMES)
def test_a_word_before_the_anchor_makes_it_another_word(kind: SecretKind, anchor: str) -> None:
    if kind.head or not anchor[0].isalnum():
        pytest.skip("what stands before this anchor is a part of the secret, or separates it")
    text = f"ordinary{made_up(kind, anchor)}"

    kept, _ = redacted(text)

    assert kept.startswith(f"ordinary{anchor[:4]}")


def test_every_row_says_where_it_is_from() -> None:
    assert {kind.source for kind in KINDS if not kind.source.startswith("https://")} == {
        "tenants/keys/credentials.py"
    }
    assert len({(kind.vendor, kind.name) for kind in KINDS}) == len(KINDS)


def test_one_secret_is_one_mark() -> None:
    message = sent({"note": f"before {made_up(*ROWS[0])} after"})

    assert scrubbed(message) == {"redacted_value": 1}
    assert values_of(message) == {"note": f"before {MARK} after"}
