"""The next call to make, for every state of a loop and every packet. No other module defines it."""

from __future__ import annotations

from typing import Any

from diagnosis.loops import two_people
from diagnosis.loops.growth import a_day
from diagnosis.loops.shown_issue import shown_issue
from diagnosis.loops.states import UNDECIDED_FIX, WAITING
from diagnosis.models import Decision, Loop, WayOn
from diagnosis.models.reported_step import ReportedStep

NEXT = {
    Loop.State.PROPOSED: "Wait: a human decides in the admin. Poll GET /v1/loops/{id}.",
    Loop.State.REGRESSED: "The failure is back after a fix. Wait: a human decides again in the admin.",
    Loop.State.RETURNED: (
        "A human asks: see decision.reason of GET /v1/loops/{id}. Answer with "
        'POST /v1/loops/{id}/events {{"kind": "answered", "note": "..."}}.'
    ),
    Loop.State.APPROVED: (
        "Fetch GET /v1/loops/{id}/handoff, make the change, and report issue_opened, pr_opened, merged and shipped "
        "with POST /v1/loops/{id}/events."
    ),
    Loop.State.SHIPPED: (
        'Let the next window run, then POST /v1/runs/verify {{"loop_id": "{id}"}}. If its time or release was reported '
        'wrongly or left out, put it right with POST /v1/loops/{id}/events {{"kind": "shipped_corrected", ...}}.'
    ),
    Loop.State.INCONCLUSIVE: (
        'Not decided yet: let more traffic run, then POST /v1/runs/verify {{"loop_id": "{id}"}} again. {ways_on}'
    ),
    Loop.State.HELD: "Nothing: the fix held. It is watched, and flagged if the failure returns.",
    Loop.State.REJECTED: "Nothing: a human {refused}; see decision.reason of GET /v1/loops/{id}. {back}",
    Loop.State.JOINED: "Nothing: its failures are those of another loop now: GET /v1/loops/{joined_to}.",
}
# What can be done where a fix shipped and it did not hold, or cannot be said. A second fix follows a verdict.
PUT_RIGHT = (
    "If its time or release was reported wrongly, put it right with POST /v1/loops/{id}/events "
    '{{"kind": "shipped_corrected", ...}}; '
)
SECOND_FIX = (
    "if it needs a second fix, make it under the same approval and report pr_opened, merged "
    "and shipped again; "
)
ASK = "if the plan was wrong, ask the human with asked_again and a note."
WAYS_ON = PUT_RIGHT + SECOND_FIX + ASK
WITHOUT_VERDICT = PUT_RIGHT + ASK
AFTER_VERDICT = {
    "improved": "The fix helped, and the failure goes on. {ways_on}",
    "unchanged": "The fix changed nothing. {ways_on}",
}
# After what the agent reported last of a fix in work.
ONCE_IT_RUNS = (
    "once it runs, report shipped with its release, and shipped_at if that is not now: POST /v1/loops/{id}/events "
    '{{"kind": "shipped", ...}}.'
)
AFTER_REPORT: dict[str, str] = {
    ReportedStep.ISSUE_OPENED: (
        "Fetch GET /v1/loops/{id}/handoff, make the change, and report pr_opened, merged and shipped with "
        "POST /v1/loops/{id}/events."
    ),
    ReportedStep.PR_OPENED: f"Once it is merged, report merged with POST /v1/loops/{{id}}/events; {ONCE_IT_RUNS}",
    ReportedStep.MERGED: f"{ONCE_IT_RUNS[0].upper()}{ONCE_IT_RUNS[1:]}",
}
GIVE_UP = "ask the human, who can give it up until it comes back"
# What can be done about a fix that no further traffic decides: why waiting does not help, and what does.
INSTEAD: dict[str, str] = {
    WayOn.NO_FAILURES: (
        "No failure came in the window before the fix, so records without one cannot show that it held. If it shipped "
        f"at another time, put that right; else {GIVE_UP}."
    ),
    WayOn.ONLY_COMPLAINTS: (
        "Its users only ever rated down, so there is no rating that can be good. Send good ratings to "
        f"POST /v1/feedback, too; or {GIVE_UP}."
    ),
    WayOn.OTHER_RELEASES: (
        "For a day, only releases without the fix ran. Roll its release out; if it has another name, put that right."
    ),
    WayOn.NOTHING_RAN: (
        "For a day, nothing ran that the fix could show in, where records were to be expected. Let it run; if its "
        f"operation is gone or has another name, {GIVE_UP}."
    ),
    WayOn.TOO_RARE: (
        "At its traffic, a verdict needs more records than run in the 30 days that a verification reads. Let more run, "
        f"for instance in a test; or {GIVE_UP}."
    ),
    WayOn.FEW_BEFORE: (
        "Too few records ran before the fix to compare durations with. If it shipped at another time, put that right; "
        f"else {GIVE_UP}."
    ),
    WayOn.MOVED: (
        "Other failures of the operation rose since the fix: see moved_to of its verification in GET /v1/loops/{id}. "
        "Make a second fix that mends them, too; or ask the human."
    ),
}
# The status of an issue, by the state of its loop.
STATUS = {
    Loop.State.PROPOSED: "new",
    Loop.State.RETURNED: "in_progress",
    Loop.State.APPROVED: "in_progress",
    Loop.State.SHIPPED: "in_progress",
    Loop.State.INCONCLUSIVE: "in_progress",
    Loop.State.HELD: "verified",
    Loop.State.REGRESSED: "regression",
    Loop.State.REJECTED: "rejected",
    Loop.State.JOINED: "in_progress",
}
NOT_PROPOSED = (
    "Nothing: it has no loop, because as many loops of this project wait for a human as may. Diagnose again once some "
    "of them are decided."
)
REOPENED = "reopened"  # proposed again, although a human decided


def for_loop(loop: Loop) -> str:
    """The next call for the agent that works on this loop, after the reason why a human is asked again, if any."""
    template = NEXT[Loop.State(loop.state)]
    if loop.state == Loop.State.INCONCLUSIVE:
        template = AFTER_VERDICT.get(loop.verdict, template)
    if instead := instead_of_waiting(loop):
        template = f"{instead} {{ways_on}}"
    if loop.state in (Loop.State.APPROVED, Loop.State.INCONCLUSIVE):
        template = AFTER_REPORT.get(loop.reported, template)
    ways = WITHOUT_VERDICT if loop.state == Loop.State.SHIPPED else WAYS_ON
    instruction = template.format(
        id=loop.loop_id,
        refused=refused(loop) if loop.state == Loop.State.REJECTED else "",
        back=comes_back(loop),
        joined_to=loop.joined_to_id,
        ways_on=ways.format(id=loop.loop_id),
    )
    reasons = [loop.again, half_approved_note(loop)] if loop.state in WAITING else []
    return " ".join(part for part in (*reasons, instruction) if part)


def instead_of_waiting(loop: Loop) -> str:
    """What to do about the loop's fix instead of waiting; "" where waiting decides it, or it is decided."""
    return instead_of(loop.way_on, loop) if loop.state in UNDECIDED_FIX else ""


def instead_of(way_on: str, loop: Loop) -> str:
    """What to do about the loop's fix for that reason why no further traffic decides it; "" for none."""
    return INSTEAD.get(way_on, "").format(id=loop.loop_id)


def refused(loop: Loop) -> str:
    """What a human did with the loop that it is rejected now."""
    last: Decision | None = next(iter(loop.decisions.all()), None)
    return "gave it up" if last and last.verb == Decision.Verb.GIVE_UP else "rejected it"


def comes_back(loop: Loop) -> str:
    """The sentence on when a rejected loop is proposed again."""
    rejection = next(iter(loop.decisions.all()), None) if loop.state == Loop.State.REJECTED else None
    if rejection is None or rejection.times is None or not rejection.numbers:
        return "For good: it is not proposed again by itself."
    word = "given up" if rejection.verb == Decision.Verb.GIVE_UP else "rejected"
    rate = a_day(rejection.numbers["failures_per_day"])
    return (
        f"It is proposed again once it grows {rejection.times} times past the {rate} at which it was {word}."
    )


def half_approved_note(loop: Loop) -> str:
    """`One of two approvals, by olga.`; "" if there is no first of two."""
    first = two_people.pending(loop)
    return f"One of two approvals, by {first.decided_by.get_username()}." if first else ""


def after_handoff(loop: Loop) -> str:
    """The next call for the agent that fetched the bundle."""
    if loop.state != Loop.State.APPROVED or loop.reported:
        return for_loop(loop)
    return (
        "Make the change, then report issue_opened, pr_opened, merged and at last shipped, with its release: "
        f"POST /v1/loops/{loop.loop_id}/events."
    )


def issue_status(loop: Loop) -> str:
    """The status of the loop's issue in a packet."""
    return REOPENED if loop.state == Loop.State.PROPOSED and loop.again else STATUS[Loop.State(loop.state)]


def unproposed_note(unproposed: int) -> str:
    """The sentence on issues that have no loop."""
    subject = "1 issue has" if unproposed == 1 else f"{unproposed:,} issues have"
    return f"{subject} no loop: as many loops of this project wait for a human as may (LOOPKIT_OPEN_LOOPS)."


def issue_of(loop: Loop) -> dict[str, Any]:
    """The loop's stored issue with its present status and next action."""
    issue = shown_issue(loop.issue, loop_id=loop.loop_id)
    live = {"loop_id": loop.loop_id, "cluster_id": loop.cluster_id, "status": issue_status(loop)}
    issue.pop("approval", None)
    return issue | live | {"next_action": for_loop(loop)}


def for_packet(issues: int, open_issues: int) -> str:
    """The next call after a diagnosis."""
    if not issues:
        return (
            "Send more traffic to POST /v1/traces or widen since_minutes, then POST /v1/runs/diagnose again."
        )
    if not open_issues:
        return "Nothing new: every issue was rejected or its fix held. Diagnose again after the next release."
    return (
        "Read the issues in order, and follow the next_action of GET /v1/loops/<loop_id>; GET /v1/loops lists what a "
        "human approved."
    )
