"""
A promptfoo configuration; YAML reads JSON.

https://www.promptfoo.dev/docs/configuration/expected-outputs/javascript/
https://www.promptfoo.dev/docs/configuration/expected-outputs/model-graded/llm-rubric/
"""

from __future__ import annotations

from typing import Any

import orjson

from diagnosis.detection.rules import ALL_SIGNALS

NAME = "promptfoo"
AFTER = "pytest"
MEDIA_TYPE = "application/yaml"
ABOUT = "promptfoo"
# For promptfoo the output is a text; one that is JSON tells of an error as a tool's result does.
NO_ERROR = (
    "(() => { if (/^\\s*(error|exception|traceback)\\b/i.test(output)) return false; "
    "try { const r = JSON.parse(output); return !(r && (r.error || r.isError || r.is_error)); } "
    "catch (e) { return true; } })()"
)


def file_name(eval_id: str) -> str:
    """The file in the handoff's zip."""
    return f"{eval_id}.promptfoo.yaml"


def why_not(signal_type: str) -> str:
    """promptfoo sees the text of an answer alone."""
    signal = ALL_SIGNALS.get(signal_type)
    if signal and signal.IN_OUTPUT:
        return ""
    return "The failure does not show in the text of an answer, which is all that promptfoo judges."


def render(document: dict[str, Any]) -> bytes:
    """The configuration, with a test for each case."""
    tests = [
        {
            "description": case["record_id"],
            "vars": {"input": case["input"]},
            "assert": expected(document, case),
        }
        for case in document["cases"]
    ]
    config = {"description": document["title"], "prompts": ["{{input}}"], "tests": tests}
    return orjson.dumps(config, option=orjson.OPT_INDENT_2)


def expected(document: dict[str, Any], case: dict[str, Any]) -> list[dict[str, Any]]:
    """The expectation as assertions: by rule where one decides, else for a model that judges."""
    if ALL_SIGNALS[document["signal_type"]].IN_OUTPUT == "judged":
        return [{"type": "llm-rubric", "value": document["expectation"]}]
    failed = [{"type": "not-equals", "value": case["output"]}] if isinstance(case["output"], str) else []
    return [{"type": "javascript", "value": NO_ERROR}, *failed]
