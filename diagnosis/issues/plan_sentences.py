"""
The sentences of patch plans: all of them, as templates (diagnosis/display/sentences.py).

`{names}` stand for values from telemetry, `<names>` for facts of LoopKit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from diagnosis.display.sentences import filled
from diagnosis.issues.hints import words

EVENTS_URL = "/v1/loops/<loop_id>/events"
READ = (
    "Read the evidence: GET /v1/telemetry?record_id=<record_id> and the other evidence_ids; "
    "evidence_url pages through all records of the cluster."
)
RATED = (
    "Read what users rated: GET /v1/telemetry?trace_id=<trace_id>, and the other `traces` of the issue. The answer in "
    "it is what they were unhappy with; the first of them said {error}."
)
SHARED_TRACES = (
    "Start with the failure <cluster_id> (<signal_type>): <shared> of the <traces> rated traces have it. A fix of it "
    "may be the fix of this."
)
COMPLAINT = (
    "Users rated <shared> of the <traces> traces with this failure down: "
    "the issue <cluster_id> has what they said."
)
REPRODUCE = "Reproduce with the eval: GET /v1/evals/{eval_id}?format=<format>; it must fail first."
START = "Start at {location}, the application's own frame nearest to the failure."
COMPARE = "Compare release {release} with {older_release}: the failure begins with it."
COMPARE_ALONE = "Compare release {release} with the one before it: the failure begins with it."
CALLERS = "Check the callers that also fail: {callers}."
REPORT = f"Open the pull request and report each step to this issue's loop_id: POST {EVENTS_URL}."
VERIFY = (
    "Report `shipped`, then POST /v1/runs/verify: {operation} must run without this failure; "
    "in the window of this packet, <failures> of <records> failed. The answer names the windows that it counts."
)
VERIFY_SLOW = VERIFY.replace(" failed.", " were slow.")
VERIFY_RATINGS = (
    "Report `shipped`, then POST /v1/runs/verify: a smaller share of {operation} must be bad; in the "
    "window of this packet, <failures> of <records> were. Send good ratings, too: without any rating there is no "
    "verdict."
)
REFUTED = "The failure goes on at the same rate after the change."
REFUTED_BY_EVAL = (
    "The eval {eval_id} passes before the change, or the failure goes on at the same rate after the change."
)
CHANGES = {
    "retrieval": "Change what is retrieved, or how",
    "guardrails": "Change the guardrail, or what is sent through it",
    "model": "Change the model's limits or its settings",
    "prompt": "Change the prompt",
    "context": "Send the model less context",
    "infra": "Handle the outage: time-outs, retries with a bound, a fallback",
    "tools": "Change the tool or its schema",
    "orchestration": "Change what the agent does with the result, or stop the repeats",
    "code": "Change that code",
}
CHANGE_RATED = (
    "Change what led to these answers (fix category: prompt) so that users do not rate them down again; keep answers "
    "that nobody rated down as they are."
)
CALLED = {"tool": " (tool {tool})", "model": " (model {model})", "": ""}
CONDITION = {True: "{attribute} = {value}", False: "{attribute} not set"}
# The names of the further values of a combination begin with these.
FURTHER = ("also_", "third_")


def find_sentence(has_service: bool, called: str, has_error: bool) -> str:
    """Where the code is, and what it reports. `called` is a key of CALLED."""
    service = " in service {service}" if has_service else ""
    error = "{error}" if has_error else "no message"
    return f"Find the code of {{operation}}{service}{CALLED[called]}; it reports {error}."


def shared_sentence(are_set: Sequence[bool]) -> str:
    """What failing records share: one attribute or several, each with a value or not set; `<counts>` says how often."""
    first, *further = are_set
    conditions = [CONDITION[first]]
    for prefix, is_set in zip(FURTHER, further, strict=False):
        conditions.append(CONDITION[is_set].replace("{", f"{{{prefix}"))
    return f"Look for what {' with '.join(conditions)} changes: <counts>."


def change_sentence(category: str, is_slow: bool) -> str:
    """The change to make, by fix category."""
    if is_slow:
        change = f"Make it as fast as before (fix category: {category})"
    else:
        change = f"{CHANGES[category]} so that the failure cannot recur"
    return f"{change}; keep healthy calls as they are."


SENTENCES = frozenset(
    {
        READ, RATED, SHARED_TRACES, COMPLAINT, VERIFY_RATINGS, CHANGE_RATED,
        REPRODUCE, START, COMPARE, COMPARE_ALONE, CALLERS, REPORT, VERIFY, VERIFY_SLOW, REFUTED, REFUTED_BY_EVAL,
        *(find_sentence(*choice) for choice in product((True, False), CALLED, (True, False))),
        *(
            filled(shared_sentence(are_set), counts=counts)
            for number in (1, 2, 3) for are_set in product((True, False), repeat=number) for counts in words.COUNTS
        ),
        *(change_sentence(*choice) for choice in product(CHANGES, (True, False))),
    }
)  # fmt: skip
