"""Numbers that are stored stay what they are, in every release."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from diagnosis.detection.rules import latency, missing_call
from telemetry.agent_runs.call_keys import answer_checksum, content_checksum, joined
from telemetry.agent_runs.run_call import run_fingerprint
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.versions import FIRST, SECOND
from telemetry.hashing import hash64, hash64_of_texts
from telemetry.spans.meaning import Failure
from telemetry.spans.span import origin_id
from telemetry.store import attributions

PLACE = ("shop", "POST /orders")
OPERATION: Any = SimpleNamespace(service="shop", operation="POST /orders")


@pytest.mark.parametrize(
    ("number", "frozen"),
    [
        (hash64(b""), -1_970_711_489_451_281_740),
        (hash64(b"LoopKit"), 2_499_313_965_017_273_340),
        (origin_id(b"resource"), 168_116_567_648_716_448),
        (hash64_of_texts("1", "error", "shop"), -5_237_332_197_818_391_058),
        (hash64_of_texts("bad \ud800 surrogate"), 3_801_729_826_086_367_901),
        (attributions.text_key("user-1"), -7_301_361_363_733_257_848),
        (attributions.text_key(""), 0),
        (run_fingerprint("repeated_call", PLACE), 2_214_733_838_508_667_317),
        (content_checksum('{"b": 1, "a": [true, "x"]}'), 3_235_856_389),
        (joined(content_checksum("late"), content_checksum(None)), 8_010_249_612_042_436_608),
        (latency.latency_fingerprint(OPERATION), 8_712_639_570_671_077_576),
        (missing_call.missing_call_fingerprint(OPERATION, ("tool", "look_up")), 5_579_727_921_324_115_203),
        (fingerprint(*PLACE, Failure("error", "high", "ValueError", "no order 7"), FIRST), -6_020_883_757_790_262_928),
        (fingerprint(*PLACE, Failure("error", "high", "ValueError", "no order 7"), SECOND), -4_333_063_484_359_577_624),
    ],
)  # fmt: skip
def test_a_number_that_was_stored_is_computed_again(number: int, frozen: int) -> None:
    assert number == frozen


def test_no_texts_have_the_number_that_stands_for_none() -> None:
    assert hash64_of_texts("") != 0


@pytest.mark.parametrize("quote", ["'", '"'])
def test_answers_that_differ_in_the_ids_of_their_calls_are_equal_in_json_and_as_a_repr(quote: str) -> None:
    answer = '[{"tool_calls": [{"id": "call_1", "function": {"name": "find"}}]}]'.replace('"', quote)

    assert answer_checksum(answer) == answer_checksum(answer.replace("call_1", "call_2"))
    assert answer_checksum(answer) != answer_checksum(answer.replace("find", "look"))
