"""Answers that end in a traceback, and answers that only quote one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.spans.meaning import Failure
from tests.telemetry.span_builders import make_span

TRACEBACK = """Traceback (most recent call last):
  File "/app/agent.py", line 12, in step
    await client.create(messages)
openai.BadRequestError: Error code: 400 - the prompt was filtered
"""
BROKEN = f"I clicked the link.\nError processing publish message\n{TRACEBACK}FINAL ANSWER: unknown"


def judge(**attributes: Any) -> Failure | None:
    span = make_span(attributes={"gen_ai.operation.name": "chat", **attributes})
    return failure(span, conventions.read_meaning(span))


def test_an_answer_that_ends_in_a_traceback_is_a_failed_call() -> None:
    found = judge(**{"gen_ai.output.messages": BROKEN})

    assert found is not None
    assert (found.signal_type, found.error_type) == ("llm_call_failed", "openai.BadRequestError")
    assert found.message == "Error code: 400 - the prompt was filtered"


def test_it_is_found_inside_messages() -> None:
    answer = json.dumps(
        [{"role": "assistant", "parts": [{"type": "text", "content": BROKEN.replace("FINAL", "\n")}]}]
    )

    assert judge(**{"gen_ai.output.messages": answer}) is not None


QUIET: dict[str, dict[str, Any]] = {
    "the model ended its answer itself": {
        "gen_ai.output.messages": BROKEN,
        "gen_ai.response.finish_reasons": ["stop"],
    },
    "it is quoted as code": {
        "gen_ai.output.messages": f"Your program fails:\n```\n{TRACEBACK}```\nInstall it."
    },
    "it is quoted in a line": {"gen_ai.output.messages": f"You see `{TRACEBACK.splitlines()[0]}` there."},
    "only the prompt has one": {"gen_ai.input.messages": BROKEN, "gen_ai.output.messages": "Retry later."},
}


@pytest.mark.parametrize("attributes", QUIET.values(), ids=list(QUIET))
def test_a_traceback_that_is_only_quoted_is_quiet(attributes: dict[str, Any]) -> None:
    assert judge(**attributes) is None
