"""
What the JSON documents of this app's tables have, in the forms of tenants/stores/document_rules.py.

They are narrower than the API's description where this code computes with a value, and as wide as any row of an earlier
version.
"""

from __future__ import annotations

from typing import Any

from tenants.stores.document_rules import has_form, is_natural, is_number, is_time

JsonForms = dict[str, Any]


def are_objects(value: Any) -> bool:
    """Whether it is an object whose values are objects."""
    return isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())


def are_counts(value: Any) -> bool:
    """Whether it is a pair of failures and exposure: no more failed than ran."""
    return has_form(value, [is_natural, is_natural]) and value[0] <= value[1]


def are_named_counts(value: Any) -> bool:
    """Whether it is an object of such pairs."""
    return isinstance(value, dict) and all(map(are_counts, value.values()))


NUMBER = is_number
NUMBER_OR_NULL = (is_number, type(None))
TEXT_OR_NULL = (str, type(None))
DICT_OR_NULL = (dict, type(None))
WINDOW = {"start": is_time, "end": is_time, "since_minutes?": is_natural}
COUNTS = {"failures": is_natural, "exposure": (is_natural, type(None))}
FURTHER = COUNTS | {"number": is_natural}
BY_DEPLOYMENT = {
    "environments?": [COUNTS | {"environment": TEXT_OR_NULL}], "further_environments?": FURTHER,
    "releases?": [COUNTS | {"release": TEXT_OR_NULL}], "further_releases?": FURTHER,
}  # fmt: skip
SAMPLED = {"traces_read": is_natural, "traces": is_natural, "share": [NUMBER, NUMBER]}
IMPACT = {
    "records": is_natural, "traces": is_natural, "sessions": is_natural, "users": is_natural,
    "operation_records?": is_natural, "share?": NUMBER, "tokens?": is_natural,
    "sampled?": (SAMPLED, type(None)),
}  # fmt: skip
QUIET_SINCE = {
    "since": is_time, "until": is_time, "records": is_natural, "chance": NUMBER, "is_quiet": bool, "reason": str,
}  # fmt: skip
STEP = {"step?": int, "detail": str, "with?": dict}
CODE = {"file?": TEXT_OR_NULL, "line?": (int, type(None)), "function?": TEXT_OR_NULL, "own?": bool}
CONDITION = {"attribute": str, "value": TEXT_OR_NULL}
NUMBERS_READ = {
    "failures_read": is_natural, "records_read": is_natural, "support": [is_natural], "records": [is_natural],
    "lift": [NUMBER],
}  # fmt: skip
HINT = CONDITION | {
    "also?": [CONDITION], "support?": is_natural, "records?": is_natural, "lift?": NUMBER_OR_NULL,
    "failures?": is_natural, "operation_records?": is_natural, "sampled?": (NUMBERS_READ, type(None)),
}  # fmt: skip
CALL = {
    "record_id": str, "unit?": str, "tool?": TEXT_OR_NULL, "model?": TEXT_OR_NULL, "replayable?": bool,
    "truncated?": bool, "cut?": dict,
}  # fmt: skip
CONTRAST = {
    "failing_id": str, "healthy_id": str, "left_out?": is_natural,
    "differences": [{"name": str, "failing": TEXT_OR_NULL, "healthy": TEXT_OR_NULL}],
}  # fmt: skip
FAILING_INPUTS = {
    "looked_at": is_natural, "distinct": is_natural,
    "inputs": [{"record_id": str, "count": is_natural, "truncated": bool}],
}  # fmt: skip
SHARED = {"cluster_id": str, "signal_type": str, "traces": is_natural, "of_traces": is_natural}
RATINGS = {"bad": is_natural, "all": is_natural, "pending": is_natural}
ISSUE = {
    "shared_traces?": [SHARED], "ratings?": (RATINGS, type(None)),
    "cluster_id": str, "title": str, "severity": str, "severity_reason?": str, "signal_type": str, "operation": str,
    "service": TEXT_OR_NULL, "error_type?": TEXT_OR_NULL, "message?": TEXT_OR_NULL, "count": is_natural,
    "first_seen": is_time, "last_seen": is_time, "trend?": str, "trend_reason?": TEXT_OR_NULL,
    "quiet_since?": (QUIET_SINCE, type(None)), "impact": IMPACT, **BY_DEPLOYMENT,
    "echoes?": {"records": is_natural, "operations": [str]}, "hints?": [HINT],
    "model_calls?": {"before": [str], "after": [str]}, "evidence_ids": [str], "evidence?": [str], "traces?": [str],
    "evidence_traces?": are_objects, "suspected_release?": TEXT_OR_NULL, "suspected_release_reason?": TEXT_OR_NULL,
    "code_location?": (CODE, type(None)), "failing_call?": (CALL, type(None)),
    "contrast?": (CONTRAST, type(None)), "failing_inputs?": (FAILING_INPUTS, type(None)),
    "eval_candidate?": TEXT_OR_NULL,
    "patch_plan": {"lever?": str, "steps": [STEP], "verify?": str, "refuted_by?": str, "with?": dict},
    "status?": str, "next_action?": str, "evidence_url?": str, "with?": dict,
}  # fmt: skip
REMEMBERED = {
    "loop_id": str, "state": str, "title": str, "note": str, "verdict?": TEXT_OR_NULL, "side_effects?": [str],
}  # fmt: skip
PACKET = {
    "project_id?": str, "packet_id?": str, "created_at?": is_time, "status": str, "reason?": str, "next_action?": str,
    "window": WINDOW, "telemetry_read": is_natural, "failures": is_natural, "memory?": [REMEMBERED],
    "completeness?": dict, "issues": [ISSUE | {"loop_id": TEXT_OR_NULL}],
}  # fmt: skip
COUNTED = {
    "failures": is_natural, "exposure": is_natural, "rate?": NUMBER_OR_NULL, "window": WINDOW, "counted?": str,
    "slow_above_ms?": NUMBER,
}  # fmt: skip
BASELINE = COUNTED | {
    "observed?": are_counts, "batches?": [are_counts], "clustering?": ([NUMBER, NUMBER], []), "releases?": [str],
    "operations?": [str], "others?": dict, "allowed_rate?": NUMBER_OR_NULL,
    "failures_a_session?": NUMBER, "environments?": (are_named_counts, type(None)),
}  # fmt: skip


def is_counted(value: Any) -> bool:
    """Whether it is one side of a comparison."""
    return has_form(value, COUNTED) and value["failures"] <= value["exposure"]


def is_baseline(value: Any) -> bool:
    """Whether it is the side before a fix, with what its analysis needs."""
    return is_counted(value) and has_form(value, BASELINE)


ESTIMATE = ({"value": NUMBER, "low": NUMBER, "high": NUMBER}, type(None))
SESSIONS = {
    "sessions?": is_natural, "success_rate?": ESTIMATE, "tokens?": ESTIMATE, "steps?": ESTIMATE,
    "tool_failures?": ESTIMATE,
}  # fmt: skip
SIDE_EFFECT = {
    "cluster_id": str, "loop_id": TEXT_OR_NULL, "title": TEXT_OR_NULL, "service": TEXT_OR_NULL,
    "operation": TEXT_OR_NULL, "linked_by": [str], "shared": [str], "counted": str, "failures_before": is_natural,
    "exposure_before": is_natural, "failures_after": is_natural, "exposure_after": is_natural,
}  # fmt: skip
BOTH_SIDES = {"before": (COUNTS, type(None)), "after": COUNTS}
BY_ENVIRONMENT = {
    "environments?": (
        [BOTH_SIDES | {"environment": TEXT_OR_NULL, "is_production": (bool, type(None))}], type(None),
    ),
    "further_environments?": (BOTH_SIDES | {"number": is_natural}, type(None)),
}  # fmt: skip
RISE = {"cluster_id": str, "failures_before": is_natural, "failures_after": is_natural}
VERIFICATION = {
    "verdict": str, "reason": str, "needed?": TEXT_OR_NULL, "needed_exposure?": (is_natural, type(None)),
    "way_on?": TEXT_OR_NULL, "instead?": TEXT_OR_NULL,
    "service?": TEXT_OR_NULL, "operation?": TEXT_OR_NULL, "before": is_counted, "after": is_counted,
    "expected_failures?": NUMBER_OR_NULL,
    "ratio?": ({"estimate": NUMBER_OR_NULL, "low": NUMBER_OR_NULL, "high": NUMBER_OR_NULL}, type(None)),
    "ratio_of?": ({"quantile": NUMBER, "above_ms": NUMBER, "before": COUNTS, "after": COUNTS}, type(None)),
    "confidence?": NUMBER_OR_NULL, "look": {"number": int, "information": NUMBER}, "release?": TEXT_OR_NULL,
    "spread?": ({"design_effect": NUMBER, "burst_variance": NUMBER}, type(None)),
    "releases_left_out?": ([str], type(None)), "release_note?": TEXT_OR_NULL,
    "left_out?": [{"release": TEXT_OR_NULL, "records": is_natural, "failures": is_natural}],
    "moved_to?": ([RISE], type(None)), "regressed_in?": TEXT_OR_NULL,
    "side_effects?": [SIDE_EFFECT], "side_effects_found?": is_natural, "clusters_compared?": is_natural,
    "evidence_ids?": ([str], type(None)), "trajectory?": ({"before?": SESSIONS, "after?": SESSIONS}, type(None)),
    "unseen?": [{"reason": str, "count": is_natural, "unit": str}], "unseen_note?": TEXT_OR_NULL,
    "quota_left?": (is_natural, type(None)), "quota_needed?": (is_natural, type(None)), "quota_note?": TEXT_OR_NULL,
    "with?": DICT_OR_NULL, **BY_ENVIRONMENT,
}  # fmt: skip
GROWTH = {"failures": is_natural, "users": is_natural, "failures_per_day": NUMBER, "window": WINDOW}


def are_numbers_decided_on(value: Any) -> bool:
    """Whether growth can be measured against it; empty where the packet had no window."""
    return value == {} or has_form(value, GROWTH)


EVENT = {
    "packet_id?": TEXT_OR_NULL, "release?": TEXT_OR_NULL, "shipped_at?": (is_time, type(None)), "before?": DICT_OR_NULL,
    "verb?": str, "approvals?": str, "verdict?": TEXT_OR_NULL, "reason?": TEXT_OR_NULL,
    "side_effects?": ([str], type(None)), "evidence_ids?": [str], "was?": DICT_OR_NULL, "is?": DICT_OR_NULL,
    "releases?": ([{"release": TEXT_OR_NULL, "failures": is_natural}], type(None)), **BY_ENVIRONMENT,
}  # fmt: skip
CORRECTION = EVENT | {"shipped_at": is_time}
