"""Values at the edges of JSON, Python and Unicode: each is stored, diagnosed, and given out in every format."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from diagnosis.display.hidden_characters import show_hidden
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import minutes, request, span

pytestmark = pytest.mark.django_db
ODD = {
    "deep list": "[" * 900 + "]" * 900,
    "deeper than orjson writes": "[" * 300 + "1" + "]" * 300,
    "deep object": '{"a":' * 500 + "1" + "}" * 500,
    "no float": "[1e400]",
    "half a character": '{"a": "\\ud800"}',
    "long number": "[" + "1" * 5000 + "]",
    "two large numbers": '{"a": 1e300, "b": 123456789012345678901234567890}',
    "NaN": float("nan"),
    "infinity": float("-inf"),
    "minus zero": -0.0,
    "largest integer": 2**63 - 1,
    "true": True,
    "lists": [["x"], []],
    "private use": "\ud7ff\ue000\U0010ffff",
    "quotes": '"' * 1000,
    "backslashes": "\\" * 999,
    "long text": "{{" * 5_000,
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", ["tool", "chat"])
def test_no_value_breaks_a_format(
    alice: MintedProject, call: Callable[..., Any], name: str, kind: str
) -> None:
    value = ODD[name]
    attributes = {
        "tool": {
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "ship", "gen_ai.tool.call.arguments": value,
            "gen_ai.tool.call.result": value,
        },
        "chat": {"gen_ai.operation.name": "chat", "gen_ai.input.messages": value, "gen_ai.output.messages": value},
    }[kind]  # fmt: skip
    failing = span("ship", at=timezone.now() - minutes(5), error="late", attributes=attributes)
    body = json.dumps(request(failing)).replace("NaN", '"NaN"').replace("-Infinity", '"-Infinity"')

    sent = call("POST", "/v1/traces", alice.keys["producer"], body.encode())
    packet = call("POST", "/v1/runs/diagnose", alice.keys["agent"]).json()["packet"]

    path = f"/v1/evals/{packet['issues'][0]['eval_candidate']}"
    forms = ("json", "jsonl", "pytest", "promptfoo")
    answers = {form: call("GET", f"{path}?format={form}", alice.keys["agent"]) for form in forms}
    assert sent.status_code == 202
    assert {answer.status_code for answer in answers.values()} <= {200, 400}
    refused = [form for form, answer in answers.items() if answer.status_code == 400]
    assert refused in ([], ["promptfoo"], ["pytest", "promptfoo"])  # both, where no case has an input
    cases = json.loads(answers["json"].content)["cases"]
    lines = [json.loads(line) for line in answers["jsonl"].content.splitlines()]
    assert len(cases) == (0 if refused == ["pytest", "promptfoo"] else 1)
    given = [case["input"] for case in cases]
    assert [visible(line["input"]) for line in lines] == given
    if "pytest" not in refused:
        read: dict[str, Any] = {"__name__": "odd"}
        exec(answers["pytest"].content, read)
        assert [visible(case["input"]) for case in read["CASES"]] == given


def visible(value: Any) -> Any:
    """The value as answers in JSON show it, with hidden characters by number."""
    return json.loads(show_hidden(json.dumps(value, ensure_ascii=False)))
