"""Texts that are made to cost: hardly anything but secrets, numbers that no file has, names of many kilobytes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from django.utils import timezone

from benchmarks.adversarial_texts.pieces import OTHERS, SECRET, pieces
from telemetry.scrubbing.areas import FEWEST_BETWEEN, MOST_SECRETS
from telemetry.scrubbing.names import disposition_of
from telemetry.scrubbing.texts import MARK, redacted
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import request, span

Call = Callable[..., Any]
KILOBYTES = 8
MOST_CALLS = 6_000  # a KB; more than 20,000 when every separator was looked at, and again for each secret


def stored_text(call: Call, project: MintedProject, text: str) -> str:
    """What agents read of an attribute that was sent."""
    sent = request(span(id=1, at=timezone.now(), attributes={"note": text}))
    assert call("POST", "/v1/traces", project.keys["producer"], sent).status_code == 202
    (record,) = call("GET", "/v1/telemetry", project.keys["agent"]).json()["records"]
    return str(record["attributes"]["note"])


@pytest.mark.parametrize("part", ["?sig=1 ", "token=a1b2c3d4 ", "--password x1 ", "password: a1b2c3 "])
def test_a_text_of_hardly_anything_but_secrets_is_one(call: Call, alice: MintedProject, part: str) -> None:
    assert stored_text(call, alice, part * 2000) == MARK


def test_a_log_with_a_secret_in_every_line_keeps_its_lines(call: Call, alice: MintedProject) -> None:
    line = f"GET /orders?access_token=a1b2c3d4e5 {'x' * FEWEST_BETWEEN}\n"

    kept = stored_text(call, alice, line * (MOST_SECRETS * 3))

    assert kept == line.replace("a1b2c3d4e5", MARK) * (MOST_SECRETS * 3)


def test_a_line_number_of_5000_digits_stops_no_diagnosis(call: Call, alice: MintedProject) -> None:
    where = {"code.file.path": "src/app.py", "code.line.number": "9" * 5000}
    spans = [span(id=n, trace=n, at=timezone.now(), error="boom", attributes=where) for n in range(3)]
    assert call("POST", "/v1/traces", alice.keys["producer"], request(*spans)).status_code == 202

    packet = call("POST", "/v1/runs/diagnose", alice.keys["agent"], {"since_minutes": 60})

    assert packet.status_code == 200


def test_names_of_many_kilobytes_are_not_kept_in_memory() -> None:
    before = disposition_of.cached.cache_info().currsize

    for number in range(100):
        disposition_of(f"{number}{'x' * 10_000}")

    assert disposition_of.cached.cache_info().currsize == before


def number_of_calls(work: Callable[[], object]) -> int:
    """How many functions were called, of Python and of C: a measure of time that does not need a clock."""
    count = 0

    def add(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(add)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("part", [*OTHERS, *pieces()[::40]])
def test_a_text_that_repeats_what_is_searched_for_is_looked_at_sparingly(part: str) -> None:
    text = (SECRET + part * KILOBYTES * 1000)[: KILOBYTES * 1000]

    assert number_of_calls(lambda: redacted(text)) <= MOST_CALLS * KILOBYTES


def test_a_secret_in_each_row_of_a_table_is_redacted_alone() -> None:
    rows = [f'{{"id":{n},"name":"shop-{n}","api_key":"a1b2c3d4e5f6{n}"}}' for n in range(30)]
    text = f"[{','.join(rows)}]"

    kept, count = redacted(text)

    assert count == len(rows)
    assert kept.startswith('[{"id":0,"name":"shop-0","api_key":"[redacted]"},{"id":1')


def test_a_table_of_more_secrets_than_a_request_may_have_is_redacted_as_a_whole() -> None:
    rows = [f'{{"id":{n},"name":"shop-{n}","api_key":"a1b2c3d4e5f6{n}"}}' for n in range(3000)]

    assert redacted(f"[{','.join(rows)}]") == (MARK, 1)


@pytest.mark.parametrize("row", [
    '{"token":"w%d","logprob":-0.1234567}', '{"token": "w%d", "logprob": -0.1, "bytes": [119, 49]}',
    '{"token":"w%d","tokenId":74606,"logProbability":-0.8474337}', '{"id":%d,"token":"w","score":0.25}',
])  # fmt: skip
def test_probabilities_of_tokens_beside_a_secret_stay(row: str) -> None:
    text = f"[{','.join(row % number for number in range(3000))}]"

    kept, count = redacted(f"{SECRET}{text}")

    assert (kept, count) == (f"password={MARK} {text}", 1)
