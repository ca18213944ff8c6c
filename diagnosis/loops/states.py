"""
The states of a loop and every allowed change, as one table: state before, state after, triggers, mover.

lifecycle.apply_trigger looks up every change here, and raises WrongState for one that is not in the table.

    proposed | regressed | returned   -> approved      approve                                      human
    proposed | regressed              -> (stays)       first approval of two                        human
    returned                          -> proposed      first approval of two                        human
    proposed | regressed | returned   -> rejected      reject                                       human
    proposed | regressed | returned   -> returned      return                                       human
    approved | shipped | inconclusive -> proposed      withdraw                                     human
    approved | shipped | inconclusive -> rejected      give_up                                      human
    rejected | held                   -> proposed      reopen                                       human
    approved | inconclusive           -> (stays)       issue_opened | pr_opened | merged            agent
    approved | inconclusive           -> shipped       shipped                                      agent
    shipped | inconclusive            -> shipped       shipped_corrected                            agent
    shipped | inconclusive            -> shipped       shipment_corrected                           human
    shipped | inconclusive            -> proposed      asked_again                                  agent
    returned                          -> proposed      answered                                     agent
    shipped | held | inconclusive     -> held          verdict held                                 verification
    shipped | held | inconclusive     -> regressed     verdict regressed                            verification
    shipped | inconclusive            -> inconclusive  verdict improved | unchanged | inconclusive  verification
    shipped | held | inconclusive     -> (stays)       verdict no_traffic                           verification
    rejected                          -> proposed      grew                                         growth
    approved                          -> proposed      outdated                                     reopening
    proposed | regressed | returned   -> (stays)       outdated                                     reopening
    any but joined                    -> joined        joined                                       fingerprint switch
    joined                            -> proposed      parted                                       fingerprint switch
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from diagnosis.models import Decision, Loop, LoopEvent, Verification

State = Loop.State
Kind = LoopEvent.Kind


class MovedBy(StrEnum):
    """
    The person, program or event that changes a loop's state.

    Growth: a diagnosis finds that a failure grew past its rejection (growth.py).
    Reopening: the approved content changed or is not stored any more (reopening.py).
    Fingerprint switch: clusters are merged or separated (carry_over.py).
    """

    HUMAN = "human"
    AGENT = "agent"
    VERIFICATION = "verification"
    GROWTH = "growth"
    REOPENING = "reopening"
    SWITCH = "fingerprint switch"


class Trigger(StrEnum):
    """An event that changes a loop. Decisions and reports have the names that they have in the API."""

    APPROVE = Decision.Verb.APPROVE.value
    APPROVE_FIRST = "first approval of two"
    REJECT = Decision.Verb.REJECT.value
    RETURN = Decision.Verb.RETURN.value
    WITHDRAW = Decision.Verb.WITHDRAW.value
    GIVE_UP = Decision.Verb.GIVE_UP.value
    REOPEN = Decision.Verb.REOPEN.value
    ISSUE_OPENED = Kind.ISSUE_OPENED.value
    PR_OPENED = Kind.PR_OPENED.value
    MERGED = Kind.MERGED.value
    SHIPPED = Kind.SHIPPED.value
    SHIPPED_CORRECTED = Kind.SHIPPED_CORRECTED.value
    SHIPMENT_CORRECTED = Kind.SHIPMENT_CORRECTED.value
    ASKED_AGAIN = Kind.ASKED_AGAIN.value
    ANSWERED = Kind.ANSWERED.value
    VERDICT_HELD = "verdict held"
    VERDICT_REGRESSED = "verdict regressed"
    VERDICT_IMPROVED = "verdict improved"
    VERDICT_UNCHANGED = "verdict unchanged"
    VERDICT_INCONCLUSIVE = "verdict inconclusive"
    VERDICT_NO_TRAFFIC = "verdict no_traffic"
    GREW = "grew"
    OUTDATED = "outdated"
    JOINED = "joined"
    PARTED = "parted"


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table."""

    before: tuple[State, ...]
    triggers: tuple[Trigger, ...]
    moved_by: MovedBy
    after: State | None  # None: the loop stays in its state and gets a new revision


DECIDABLE = (State.PROPOSED, State.REGRESSED, State.RETURNED)
UNDECIDED_FIX = (State.SHIPPED, State.INCONCLUSIVE)  # a fix shipped, and no final verdict stands
ALL_BUT_JOINED = tuple(state for state in State if state != State.JOINED)
TABLE = (
    Transition(DECIDABLE, (Trigger.APPROVE,), MovedBy.HUMAN, State.APPROVED),
    Transition((State.PROPOSED, State.REGRESSED), (Trigger.APPROVE_FIRST,), MovedBy.HUMAN, None),
    # It no longer waits for the agent, whose answer would be a change of the loop, and void the approval.
    Transition((State.RETURNED,), (Trigger.APPROVE_FIRST,), MovedBy.HUMAN, State.PROPOSED),
    Transition(DECIDABLE, (Trigger.REJECT,), MovedBy.HUMAN, State.REJECTED),
    Transition(DECIDABLE, (Trigger.RETURN,), MovedBy.HUMAN, State.RETURNED),
    Transition((State.APPROVED, *UNDECIDED_FIX), (Trigger.WITHDRAW,), MovedBy.HUMAN, State.PROPOSED),
    Transition((State.APPROVED, *UNDECIDED_FIX), (Trigger.GIVE_UP,), MovedBy.HUMAN, State.REJECTED),
    Transition((State.REJECTED, State.HELD), (Trigger.REOPEN,), MovedBy.HUMAN, State.PROPOSED),
    Transition(
        (State.APPROVED, State.INCONCLUSIVE),
        (Trigger.ISSUE_OPENED, Trigger.PR_OPENED, Trigger.MERGED),
        MovedBy.AGENT,
        None,
    ),
    Transition((State.APPROVED, State.INCONCLUSIVE), (Trigger.SHIPPED,), MovedBy.AGENT, State.SHIPPED),
    # Its verdict was about other windows, so it is verified anew.
    Transition(UNDECIDED_FIX, (Trigger.SHIPPED_CORRECTED,), MovedBy.AGENT, State.SHIPPED),
    Transition(UNDECIDED_FIX, (Trigger.SHIPMENT_CORRECTED,), MovedBy.HUMAN, State.SHIPPED),
    Transition(UNDECIDED_FIX, (Trigger.ASKED_AGAIN,), MovedBy.AGENT, State.PROPOSED),
    Transition((State.RETURNED,), (Trigger.ANSWERED,), MovedBy.AGENT, State.PROPOSED),
    Transition(
        (State.SHIPPED, State.HELD, State.INCONCLUSIVE),
        (Trigger.VERDICT_HELD,),
        MovedBy.VERIFICATION,
        State.HELD,
    ),
    Transition(
        (State.SHIPPED, State.HELD, State.INCONCLUSIVE),
        (Trigger.VERDICT_REGRESSED,),
        MovedBy.VERIFICATION,
        State.REGRESSED,
    ),
    Transition(
        (State.SHIPPED, State.INCONCLUSIVE),
        (Trigger.VERDICT_IMPROVED, Trigger.VERDICT_UNCHANGED, Trigger.VERDICT_INCONCLUSIVE),
        MovedBy.VERIFICATION,
        State.INCONCLUSIVE,
    ),
    Transition(
        (State.SHIPPED, State.HELD, State.INCONCLUSIVE),
        (Trigger.VERDICT_NO_TRAFFIC,),
        MovedBy.VERIFICATION,
        None,
    ),
    Transition((State.REJECTED,), (Trigger.GREW,), MovedBy.GROWTH, State.PROPOSED),
    Transition((State.APPROVED,), (Trigger.OUTDATED,), MovedBy.REOPENING, State.PROPOSED),
    Transition(DECIDABLE, (Trigger.OUTDATED,), MovedBy.REOPENING, None),
    Transition(ALL_BUT_JOINED, (Trigger.JOINED,), MovedBy.SWITCH, State.JOINED),
    Transition((State.JOINED,), (Trigger.PARTED,), MovedBy.SWITCH, State.PROPOSED),
)
NEXT_STATES: dict[tuple[State, Trigger], State] = {
    (before, trigger): row.after or before
    for row in TABLE
    for trigger in row.triggers
    for before in row.before
}


def states_before(*triggers: Trigger) -> tuple[State, ...]:
    """The states in which one of these triggers is allowed, in the order of the table."""
    rows = (row for row in TABLE if set(triggers) & set(row.triggers))
    return tuple(dict.fromkeys(state for row in rows for state in row.before))


def triggers_of(moved_by: MovedBy) -> tuple[Trigger, ...]:
    """The triggers of this mover, in the order of the table."""
    return tuple(trigger for row in TABLE if row.moved_by == moved_by for trigger in row.triggers)


REPORTABLE = tuple(Kind(trigger.value) for trigger in triggers_of(MovedBy.AGENT))
# States in which a loop waits for a human: those in which one may decide, without those in which the agent acts next.
WAITING = tuple(state for state in DECIDABLE if state not in states_before(*triggers_of(MovedBy.AGENT)))
VERIFIABLE = states_before(*triggers_of(MovedBy.VERIFICATION))
UNDER_APPROVAL = (State.APPROVED, *VERIFIABLE)  # states in which the loop's approval counts
# Verdicts on a fix after which somebody has to decide how to go on, though the loop is not in a state that waits.
UNSOLVED = (Verification.Verdict.IMPROVED, Verification.Verdict.UNCHANGED)
# Events that end an approval: only another decision leads back to a state under approval. GREW follows a rejection.
ENDING = (Kind.REGRESSED, Kind.OUTDATED, Kind.ASKED_AGAIN, Kind.GREW, Kind.JOINED)


def to_decide() -> Q:
    """The filter of loops about which a human has something to decide: those that wait, and unsolved ones."""
    unsolved = Q(state=State.INCONCLUSIVE, verdict__in=UNSOLVED)
    return Q(state__in=WAITING) | unsolved | Q(state__in=UNDECIDED_FIX) & ~Q(way_on="")


def verbs_in(state: str) -> tuple[Decision.Verb, ...]:
    """The decisions that a human may make on a loop in this state."""
    return tuple(verb for verb in Decision.Verb if (State(state), Trigger(verb.value)) in NEXT_STATES)


def drawing() -> str:
    """The table as text, one row a line, as in this module's docstring and in docs/architecture.md."""
    rows = [
        (
            "any but joined" if row.before == ALL_BUT_JOINED else " | ".join(row.before),
            row.after.value if row.after else "(stays)",
            " | ".join(row.triggers).replace(" | verdict ", " | "),
            row.moved_by.value,
        )
        for row in TABLE
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"    {before:{widths[0]}} -> {after:{widths[1]}}  {triggers:{widths[2]}}  {cause}"
        for before, after, triggers, cause in rows
    )
