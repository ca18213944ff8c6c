"""What sentences and documents name is in the answer, or said to be left out, or what the named call has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest

from diagnosis.agents.api_calls import Api
from diagnosis.agents.short_issues import short_evidence
from diagnosis.agents.short_reads import short_verification
from diagnosis.agents.tools import TOOLS
from diagnosis.api.serializers.verification import SideEffectSerializer, VerifyAnswerSerializer
from diagnosis.loops import states
from tests.diagnosis.agents.inflated_answers import EFFECT, ROWS, SIDE, VALUES
from tests.diagnosis.agents.test_tool_words import sentences

FIELD = re.compile(r"\b[a-z]+(?:[._][a-z]+)+\b")
FETCHED = re.compile(r"([a-z_]+(?:\.[a-z_]+)?) (?:of|of its verification in) GET /v1/loops/\S+")
NO_WORDS = re.compile(r"(?:GET|POST) /v1/\S+|\{[^}]*\}|<[^>]*>|record_id=")
# What a caller sends, in place of what is read.
SENT = {*(name for tool in TOOLS for name in tool.arguments().fields), *states.REPORTABLE}
# What the answer without a budget has beside; /reference.md says so.
LONG_FORM_ONLY = {
    "needed_exposure", "way_on", "unseen", "quota_left", "quota_needed", "service", "operation", "expected_failures",
    "confidence", "look", "spread", "releases_left_out", "clusters_compared",
}  # fmt: skip


def named_fields(sentence: str) -> set[str]:
    """The fields that the sentence names and for which it names no call that has them."""
    words = FIELD.findall(NO_WORDS.sub("", FETCHED.sub("", sentence)))
    return {word for word in words if word not in SENT}


def names_in(value: Any) -> Iterator[str]:
    """Every name in an answer, and what it says that it leaves out."""
    if isinstance(value, dict):
        yield from value
        yield from (name for name in value.get("left_out", []) if isinstance(name, str))
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from names_in(inner)


def verification() -> dict[str, Any]:
    """A verification with every field of the answer set."""
    counts = SIDE | {"counted": "failures", "rate": 0.1, "window": {"start": "s", "end": "e"}}
    environment = {"environment": "zqenvironmentzq", "is_production": True, "before": SIDE, "after": SIDE}
    fields = VerifyAnswerSerializer().fields
    return (
        {name: f"{name} is set" for name in fields}
        | {name: rows for name, rows in ROWS.items() if name in fields}
        | {name: value for name, value in VALUES.items() if name in fields}
        | {"before": counts, "after": counts, "ratio": {"estimate": 1.0}, "with": {"text": {"release": "1"}}}
        | {
            "environments": [environment],
            "further_environments": {"number": 2, "before": SIDE, "after": SIDE},
        }
        | {"side_effects": [EFFECT], "side_effects_found": 9, "evidence_ids": ["rec_1"]}
    )


def shortened(tokens: int) -> dict[str, Any]:
    """Its short form."""
    api = Api(HttpRequest())  # not asked
    return short_verification(api, lambda _: verification(), {}, tokens)


def named_evidence() -> dict[str, Any]:
    """What a short issue has of its evidence."""
    return short_evidence({"evidence_ids": ["rec_1"] * 5, "evidence_url": "/v1/telemetry?cluster_id=clu_1"})


def test_sentences_name_the_call_that_has_a_field() -> None:
    beside = named_evidence().keys()  # a step of a plan stands in an issue
    named = {sentence: named_fields(sentence) - beside for sentence in sentences()}

    assert {sentence: fields for sentence, fields in named.items() if fields} == {}
    assert named_fields("See moved_to of its verification, or decision.reason.") == {
        "moved_to",
        "decision.reason",
    }


@pytest.mark.parametrize("tokens", [500, 700, 1_000, 2_000, 12_000])
def test_a_short_verification_has_each_field_or_says_that_it_is_left_out(tokens: int) -> None:
    short = shortened(tokens)

    wanted = (
        VerifyAnswerSerializer().fields.keys() - LONG_FORM_ONLY - {"warning", "ok", "release", "regressed_in"}
    )
    left_out = {*short["completeness"].get("left_out", [])}
    renamed = {"release_note": "fix", "left_out": "fix", "unseen_note": "notes", "quota_note": "notes"}
    assert {
        name for name in wanted if {name, renamed.get(name, name)}.isdisjoint({*short} | left_out)
    } == set()
    assert short["completeness"]["complete"] == (not left_out)


def test_a_side_effect_says_what_links_it_and_what_its_numbers_count() -> None:
    [effect] = shortened(12_000)["side_effects"]

    own = SideEffectSerializer().fields.keys() - {"title", "service", "operation", "shared"}
    assert own <= effect.keys()
    assert effect["text"].keys() == {"title", "operation", "shared"}


def test_the_reference_names_what_a_verification_has() -> None:
    reference = (Path(settings.BASE_DIR) / "templates/documents/reference.md").read_text()
    [verdicts] = re.findall(r"^## Verdicts$(.*?)^<a id", reference, re.M | re.S)
    named = {*re.findall(r"`([a-z_]+)`", verdicts)}

    present = {*names_in(shortened(12_000))} | LONG_FORM_ONLY
    parts = {"moved_to", "side_effects", "linked_by", "shared", "counted", "environments", "fix", "notes"}
    assert named >= LONG_FORM_ONLY | parts
    assert {name for name in named if name in VerifyAnswerSerializer().fields} <= present
