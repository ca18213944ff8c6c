"""
A promptfoo configuration. It is written as JSON, which is valid YAML.

https://www.promptfoo.dev/docs/configuration/expected-outputs/javascript/
https://www.promptfoo.dev/docs/configuration/expected-outputs/model-graded/llm-rubric/
"""

from __future__ import annotations

import json
from typing import Any

from diagnosis.detection.rules import ALL_SIGNALS
from diagnosis.display.hidden_characters import show_hidden

NAME = "promptfoo"
AFTER = "pytest"
MEDIA_TYPE = "application/yaml"
ABOUT = "promptfoo"
# promptfoo passes the output as text; if that is JSON, it is read for an error as a tool's result is.
NO_ERROR = (
    "(() => { if (/^\\s*(error|exception|traceback)\\b/i.test(output)) return false; "
    "try { const r = JSON.parse(output); return !(r && (r.error || r.isError || r.is_error)); } "
    "catch (e) { return true; } })()"
)


def file_name(eval_id: str) -> str:
    """The name of the file in the handoff's zip."""
    return f"{eval_id}.promptfoo.yaml"


def why_not(signal_type: str, is_replayable: bool) -> str:
    """The sentence why promptfoo, which sends a prompt and sees a text, cannot show the failure; "" if it can."""
    if not is_replayable:
        return "No input was recorded, so that no prompt can repeat the call."
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
            "assert": promptfoo_assertions(document, case),
        }
        for case in document["cases"]
    ]
    config = {"description": show_hidden(document["title"]), "prompts": ["{{input}}"], "tests": tests}
    return json.dumps(config, indent=2).encode()  # in ASCII: hidden characters in values stay, as escapes


def promptfoo_assertions(document: dict[str, Any], case: dict[str, Any]) -> list[dict[str, Any]]:
    """The expectation as assertions: for a judging model if the signal needs one, else by rule."""
    if ALL_SIGNALS[document["signal_type"]].IN_OUTPUT == "judged":
        return [{"type": "llm-rubric", "value": document["expectation"]}]
    not_equal = [{"type": "not-equals", "value": case["output"]}] if isinstance(case["output"], str) else []
    return [{"type": "javascript", "value": NO_ERROR}, *not_equal]
