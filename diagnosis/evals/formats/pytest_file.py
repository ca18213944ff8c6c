"""
A pytest file that runs as it is; the environment names the code that repeats the call.

The expectation is checked by the signal's own `eval_problem`, copied into the file, so that the test fails as long as
the failure is there. If no program can check it, the format is not offered.
https://docs.pytest.org/en/stable/how-to/parametrize.html

What telemetry contributes is the content of two string literals, in printable characters. None of it is in a docstring
or a comment, where `pytest --doctest-modules` would run examples (https://docs.pytest.org/en/stable/how-to/doctest.html)
and editors look for settings. A difference is shown as a repr, since pytest prints the lines of differing texts raw.
"""

from __future__ import annotations

import json
from types import FunctionType
from typing import Any, cast

from diagnosis.detection.rules import ALL_SIGNALS
from diagnosis.display.hidden_characters import show_hidden
from diagnosis.evals.formats.inert_text import neutral_name
from diagnosis.evals.formats.source import source_of
from loopkit.http.untrusted import WARNING

NAME = "pytest"
AFTER = "jsonl"
MEDIA_TYPE = "text/x-python; charset=utf-8"
ABOUT = "pytest (EVAL_TARGET names what it calls)"
FILE = '''"""
{warning}

A failure that was recorded, as a test: TITLE names it, CASES has the recorded calls.

EVAL_TARGET names the code that repeats the call and returns its result; an exception fails the eval:
- `package.module` with a function `run(case)`, or `package.module:function`, which get the case;
- with EVAL_PASS=arguments, that function gets case["input"] as keyword arguments instead, as the tool itself does;
- an http(s) URL: case["input"] is posted as JSON, and the answer is the result.

case["input"] is, by case["input_from"], what the `call` was given, the `question` that the run was asked, or the
`attributes` of the span by their names. Only the first can be keyword arguments.
What a result must have to be checked: {result_form}
`{check}` below says what is wrong with one.
"""

from __future__ import annotations

import importlib
import json
import os
import time
import urllib.request

import pytest

SIGNAL = {signal!r}
TITLE = {title!r}
EXPECTATION = {expectation!r}
CASES = json.loads({cases!r})


{source}

def call(case):
    target = os.environ.get("EVAL_TARGET") or pytest.fail("Set EVAL_TARGET to the code that repeats the call.")
    if target.startswith(("http://", "https://")):
        head, body = {{"Content-Type": "application/json"}}, json.dumps(case["input"]).encode()
        with urllib.request.urlopen(urllib.request.Request(target, body, head)) as answer:
            text = answer.read().decode()
        try:
            return json.loads(text)
        except ValueError:
            return text
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name or "run")
    if os.environ.get("EVAL_PASS") != "arguments":
        return function(case)
    if case.get("input_from", "call") != "call" or not isinstance(case["input"], dict):
        pytest.exit("EVAL_PASS=arguments: the input of " + case["record_id"] + " is no arguments.", returncode=4)
    return function(**case["input"])


@pytest.mark.parametrize("case", CASES, ids=[case["record_id"] for case in CASES])
def test_{name}(case):
    started = time.monotonic()

    result = call(case)

    problem = {check}(case, result, time.monotonic() - started)
    assert not problem, (problem, result, EXPECTATION, TITLE)
    is_expected = case["expected"] is None or result == case["expected"]
    assert is_expected, ("expected", case["expected"], "but got", result)
'''


def file_name(eval_id: str) -> str:
    """The name of the file in the handoff's zip, by which pytest finds it."""
    return f"test_{neutral_name(eval_id)}.py"


def why_not(signal_type: str, is_replayable: bool) -> str:
    """The sentence why no program can tell whether the failure is there; "" if one can."""
    signal = ALL_SIGNALS.get(signal_type)
    if signal is None:
        return "No check is known for this kind of failure."
    return str(getattr(signal, "NO_EVAL_CHECK", ""))


def render(document: dict[str, Any]) -> bytes:
    """The candidate as a test module."""
    check = cast(FunctionType, ALL_SIGNALS[document["signal_type"]].eval_problem)
    # A failure that a rule found over a window is in no record, only in the title.
    cases = [
        case | {"failure": case.get("failure") or document["title"]}
        for case in document["cases"]
        if case.get("input") is not None
    ]
    text = FILE.format(
        warning=WARNING,
        title=show_hidden(document["title"]),
        expectation=document["expectation"],
        result_form=ALL_SIGNALS[document["signal_type"]].RESULT_FORM,
        signal=document["signal_type"],
        cases=json.dumps(cases),  # in ASCII
        source=source_of(check),
        check=check.__name__,
        name=neutral_name(document["eval_id"]),
    )
    return text.encode()
