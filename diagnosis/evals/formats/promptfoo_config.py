"""
A promptfoo configuration. It is written as JSON, which is valid YAML.

promptfoo interprets its configuration in many places. What it does, and why nothing from telemetry has a meaning there:

- While loading it resolves `$ref`, replaces `{{env.X}}` in every string, and spreads lists in `vars` over several tests
  (https://www.promptfoo.dev/docs/configuration/reference/, https://www.promptfoo.dev/docs/configuration/test-cases/).
  Keys and texts of this file are fixed, but for ids and two variables, which are strings without a special character.
- Variables that begin with `file://` or `package:` are loaded or run, and every variable is rendered as a Nunjucks
  template, in which any JavaScript can run (https://www.promptfoo.dev/docs/configuration/prompts/,
  https://mozilla.github.io/nunjucks/templating.html). A recorded text is a JSON string in `inert_text`'s alphabet: it
  begins with a quotation mark and has no brace.
- A prompt that is text is rendered again in some versions; one that is JSON has each string rendered once
  (https://www.promptfoo.dev/docs/configuration/chat/). So the prompt is a JSON list with one message, whose content is
  decoded by promptfoo's filter `load` in that last rendering. The recorded text arrives unchanged as the message's
  content, and is not read as a list of messages if it is JSON itself. PROMPTFOO_DISABLE_JSON_AUTOESCAPE would put
  it into the JSON unescaped, therefore the file sets it to false.
- Values of assertions are rendered as templates and loaded like variables
  (https://www.promptfoo.dev/docs/configuration/expected-outputs/). They are fixed; a recorded output is a variable.
  https://www.promptfoo.dev/docs/configuration/expected-outputs/javascript/
  https://www.promptfoo.dev/docs/configuration/expected-outputs/model-graded/llm-rubric/
- Descriptions are fixed texts and ids without words of telemetry. The title, which quotes it, is in other formats only.
"""

from __future__ import annotations

import json
from typing import Any

from diagnosis.detection.rules import ALL_SIGNALS
from diagnosis.evals.formats.inert_text import as_text, inert_text, neutral_name
from loopkit.http.untrusted import WARNING

NAME = "promptfoo"
AFTER = "pytest"
MEDIA_TYPE = "application/yaml"
ABOUT = "promptfoo"
PROMPT = json.dumps([{"role": "user", "content": "{{ input | load }}"}])
ENVIRONMENT = {"PROMPTFOO_DISABLE_JSON_AUTOESCAPE": "false"}
# promptfoo passes the output as text; if that is JSON, it is read for an error as a tool's result is.
NO_ERROR = (
    "(() => { if (/^\\s*(error|exception|traceback)\\b/i.test(output)) return false; "
    "try { const r = JSON.parse(output); return !(r && (r.error || r.isError || r.is_error)); } "
    "catch (e) { return true; } })()"
)
NOT_THE_RECORDED = "output !== JSON.parse(context.vars.recorded_output)"


def file_name(eval_id: str) -> str:
    """The name of the file in the handoff's zip."""
    return f"{neutral_name(eval_id)}.promptfoo.yaml"


def why_not(signal_type: str, is_replayable: bool) -> str:
    """The sentence why promptfoo, which sends a prompt and sees a text, cannot show the failure; "" if it can."""
    if not is_replayable:
        return "No input was recorded, so that no prompt can repeat the call."
    signal = ALL_SIGNALS.get(signal_type)
    if signal and signal.IN_OUTPUT:
        return ""
    return "The failure does not show in the text of an answer, which is all that promptfoo judges."


def render(document: dict[str, Any]) -> bytes:
    """The configuration, with a test for each case whose input was recorded."""
    cases = [case for case in document["cases"] if case["replayable"]]
    about = (
        f"{neutral_name(document['eval_id'])}: {len(cases)} of {len(document['cases'])} cases have an input"
    )
    config = {
        "description": f"{WARNING} {about}",
        "env": ENVIRONMENT,
        "prompts": [PROMPT],
        "tests": [promptfoo_test(document, case) for case in cases],
    }
    return json.dumps(config, indent=2).encode()


def promptfoo_test(document: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """One case as a test: what was recorded is in its variables, and nowhere else."""
    recorded = {"input": inert_text(as_text(case["input"]))}
    if isinstance(case["output"], str):
        recorded["recorded_output"] = inert_text(case["output"])
    return {
        "description": case["record_id"],
        "vars": recorded,
        "assert": promptfoo_assertions(document, recorded),
    }


def promptfoo_assertions(document: dict[str, Any], recorded: dict[str, str]) -> list[dict[str, Any]]:
    """The expectation as assertions: for a judging model if the signal needs one, else by rule."""
    if ALL_SIGNALS[document["signal_type"]].IN_OUTPUT == "judged":
        return [{"type": "llm-rubric", "value": document["expectation"]}]
    rules = [NO_ERROR] + [NOT_THE_RECORDED] * ("recorded_output" in recorded)
    return [{"type": "javascript", "value": rule} for rule in rules]
