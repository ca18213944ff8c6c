"""What an agent may not report: decisions, which only humans make, and fields that do not go with a kind of event."""

from __future__ import annotations

from typing import Any

from diagnosis.display.sentences import filled
from diagnosis.loops.states import REPORTABLE, TABLE, Kind, MovedBy
from diagnosis.models import Decision
from loopkit.http.errors import ApiError

# Names of decisions: their verbs, the states that they lead to, and other words that agents try to report them by.
STATES_AFTER = {row.after.value for row in TABLE if row.moved_by == MovedBy.HUMAN and row.after}
OTHER_WORDS = {
    "withdrawn", "reopened", "given_up", "gave_up", "approval", "rejection", "decide", "decided", "decision", "confirm",
    "confirmed", "accept", "accepted",
}  # fmt: skip
DECISIONS = {*Decision.Verb.values, *STATES_AFTER, *OTHER_WORDS} - {kind.value for kind in REPORTABLE}
WHO_DECIDES = (
    "A person decides: a member of the loop's tenant with the role approver, signed in at <page>. Tell them, then poll "
    "GET /v1/loops/<loop_id>. You report one of: <kinds>."
)
SHIPMENTS = (Kind.SHIPPED, Kind.SHIPPED_CORRECTED)
ONLY_WITH = {"shipped_at": SHIPMENTS, "release": SHIPMENTS}
NEEDED = {
    Kind.PR_OPENED: ("url", "Write the URL of the pull request there, so that people can find it."),
    Kind.ANSWERED: ("note", "Write the answer to the human there."),
    Kind.ASKED_AGAIN: ("note", "Write there what the fix showed, and what the human is to decide."),
}


def is_decision(sent: Any) -> bool:
    """Whether the kind of a report, as it was sent, is the name of a decision, however it is written."""
    kind = sent.get("kind")
    return isinstance(kind, str) and kind.strip().lower().replace("-", "_").replace(" ", "_") in DECISIONS


def only_humans_decide(status: int, loop_id: str, page_url: str) -> ApiError:
    """The refusal of a decision, with who decides and where."""
    kinds = ", ".join(kind.value for kind in REPORTABLE)
    hint = filled(WHO_DECIDES, page=page_url, loop_id=loop_id, kinds=kinds)
    if status == 400:
        return ApiError(400, "invalid", "kind: this is a decision, which no key can make.", hint)
    return ApiError(status, "only_humans_decide", "This is a decision, which no key can make.", hint)


def refuse_misfits(event: dict[str, Any]) -> None:
    """Refuse, with 400, fields that the kind of event does not allow, and required ones that are missing."""
    kind = Kind(event["kind"])
    for name, kinds in ONLY_WITH.items():
        if name in event and kind not in kinds:
            allowed = " and ".join(each.value for each in kinds)
            raise ApiError(
                400, "invalid", f"{name}: is allowed with kind {allowed} only.", f"Leave {name} out."
            )
    name, remedy = NEEDED.get(kind, ("", ""))
    if name and not event.get(name):
        raise ApiError(400, "invalid", f"{name}: is required with kind {kind.value}.", remedy)
    if kind == Kind.SHIPPED_CORRECTED and not {"shipped_at", "release"} & event.keys():
        raise ApiError(
            400,
            "invalid",
            "shipped_at, release: one of them is required with kind shipped_corrected.",
            "Write the right time or the right release; what is left out stays as it is.",
        )
