"""Rows that are removed, or set back to what they were, never open a handoff that was closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models, transaction

from diagnosis.fingerprint_switch import carry_over
from diagnosis.fingerprint_switch.cluster_map import ClusterOutcome
from diagnosis.handoff import bundle, reports, shipment
from diagnosis.loops import (
    approval,
    audited_decisions,
    content_hash,
    growth,
    lifecycle,
    reopening,
    two_people,
)
from diagnosis.loops.states import NEXT_STATES, REPORTABLE, State, Trigger
from diagnosis.models import Decision, Loop, LoopEvent, Notice, WayOn
from diagnosis.verification import verification_document, verify
from diagnosis.verification.comparison import compare_with_baseline
from telemetry.windows import Window
from tenants.audit import head
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Tenant
from tenants.stores.binding import bind
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.factory import make_loop
from tests.security.approvals.failing_shop import diagnose, drop_triggers, send_orders, stored_loop

# What people are told of a loop is no part of its state.
RESTS_ON = [
    relation.related_model
    for relation in Loop._meta.related_objects
    if relation.related_model not in (Loop, Notice)
]
TABLES = {"AuditEntry", *(model.__name__ for model in RESTS_ON)}
NOW = datetime.now(UTC)
Row = tuple[type[models.Model], Any]  # a model and a primary key


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside did not happen."""
    with transaction.atomic():
        mark = transaction.savepoint()
        yield
        transaction.savepoint_rollback(mark)


@dataclass(slots=True)
class Life:
    """One loop that goes through every change of the table of states, and what is tried after each of them."""

    loop_id: str
    into: Loop  # another one, that it joins
    people: tuple[User, User]
    gone: set[Any] = field(default_factory=set)  # changes that were made
    tried: set[Any] = field(default_factory=set)  # removals of one row
    clock: Iterator[int] = field(default_factory=count)

    @property
    def loop(self) -> Loop:
        """The loop as it is stored now."""
        return lifecycle.with_decisions(Loop.objects.all()).get(pk=self.loop_id)

    @property
    def is_open(self) -> bool:
        """Whether the handoff is given."""
        try:
            bundle.refuse_unless_approved(self.loop)
        except bundle.NotApproved:
            return False
        return True

    def go_on(self, earlier: dict[str, Any]) -> None:
        """
        Make each change that is allowed now and was not made yet, and go on from there; nothing stays of it.

        Args:
            earlier: the loop's row when its handoff was last given, or when it last had the first of two approvals.
        """
        loop = self.loop
        first = two_people.pending(loop) is not None
        for trigger in Trigger:
            change = (loop.state, first, trigger)
            if (State(loop.state), trigger) not in NEXT_STATES or change in self.gone:
                continue
            with undone(), suppress(NotNow):
                self.make(trigger)
                self.gone.add(change)
                self.try_all(earlier)
                self.go_on(self.row_to_restore(earlier))

    def row_to_restore(self, earlier: dict[str, Any]) -> dict[str, Any]:
        """The loop's row if it would help somebody later, who is one of two people where there must be two."""
        loop = self.loop
        is_useful = two_people.pending(loop) is not None if loop.project.tenant.two_people else self.is_open
        return Loop.objects.filter(pk=self.loop_id).values().get() if is_useful else earlier

    def make(self, trigger: Trigger) -> None:
        """Make the change as the product makes it."""
        now, loop = NOW + timedelta(seconds=next(self.clock)), self.loop
        if trigger in (Trigger.APPROVE, Trigger.APPROVE_FIRST):
            self.approve(loop, trigger, now)
        elif trigger in list(Decision.Verb):
            choice = approval.DecisionChoice(Decision.Verb(trigger.value), "No.")
            approval.record_decision(loop, choice, self.people[0], now)
        elif trigger in REPORTABLE:
            self.report(loop, REPORTABLE[REPORTABLE.index(trigger)], now)
        elif trigger == Trigger.SHIPMENT_CORRECTED:
            given = shipment.Correction(loop.shipped_at or now, str(now), "No.")
            shipment.correct_by_person(loop, given, self.people[0], now)
        elif trigger.value.startswith("verdict "):
            with bind(loop.project):
                compared = compare_with_baseline(loop, loop.shipped_at or now, now)
                judgement: Any = replace(compared.judgement, verdict=trigger.value.removeprefix("verdict "))
                judged = replace(compared, judgement=judgement)
                verify.store_verdict(loop, judged, verification_document.answer_document(loop, judged), now)
        elif trigger == Trigger.GREW:
            numbers = growth.ClusterNumbers(9, 9, Window(0, 9))
            reopening.repropose_rejected(loop, loop.decisions.all()[0], numbers, now)
        elif trigger == Trigger.OUTDATED:
            reopening.ask_again(loop, "It changed.", now)
        elif trigger == Trigger.JOINED:
            carry_over.end_loop_in(ClusterOutcome(loop, None), self.into, now)
        else:
            lifecycle.apply_trigger(loop, trigger, now, joined_to=None)

    def report(self, loop: Loop, kind: LoopEvent.Kind, now: datetime) -> None:
        """Report it as one that was not reported before; a merge with the pull request before it."""
        if kind == LoopEvent.Kind.MERGED:
            reports.record_report(loop, LoopEvent.Kind.PR_OPENED, "key", now, note=f"of {now}")
        if kind == LoopEvent.Kind.ASKED_AGAIN:  # before a verdict it needs a reason why none can come
            Loop.objects.filter(pk=loop.pk).update(way_on=WayOn.TOO_RARE)
            loop.refresh_from_db()
        reports.record_report(loop, kind, "key", now, note=str(now), release=str(now))

    def approve(self, loop: Loop, trigger: Trigger, now: datetime) -> None:
        """Approve, alone or as one of two. Raises NotNow where the tenant's rule has it otherwise."""
        first = two_people.pending(loop) is not None
        is_first = two_people.approvals_needed(loop) == two_people.NEEDED and not first
        if is_first != (trigger == Trigger.APPROVE_FIRST):
            raise NotNow
        approve_seen(loop, self.people[int(first)], "Yes.", now)

    def try_all(self, earlier: dict[str, Any]) -> None:
        """
        Where the handoff is closed: remove rows, set the loop back to its earlier row, and find it closed.

        One row alone is removed once in each state, by its kind; many at once after each change.
        """
        record_head()
        if self.is_open:
            return
        loop = self.loop
        for kinds, rows in removals(self.loop_id):
            tried = (loop.state, two_people.pending(loop) is not None, earlier.get("state"), kinds)
            if kinds and tried in self.tried:
                continue
            with undone():
                remove(rows)
                Loop.objects.filter(pk=self.loop_id).update(**earlier)
                assert not self.is_open, (earlier.get("state"), rows)
                if earlier and two_people.pending(self.loop):  # the second completes what was taken back
                    approve_seen(self.loop, self.people[1], "Yes.", NOW + timedelta(days=1))
                    assert not self.is_open, (earlier.get("state"), rows)
            self.tried.add(tried)


class NotNow(Exception):
    """The tenant's rule allows no such approval now."""


def removals(loop_id: str) -> Iterator[tuple[str, list[Row]]]:
    """The newest row of each kind, by the kind, in each table that a loop's state rests on and in the log; and many."""
    newest = []
    for model in RESTS_ON:
        rows = model._base_manager.filter(loop=loop_id).order_by("-pk")
        kinds = {
            f" {value}": {one.name: value}
            for one in model._meta.fields if one.choices for value, _ in one.flatchoices
        }  # fmt: skip
        for kind, value in (kinds or {"": {}}).items():  # rows of a table without kinds are all of one
            for row in rows.filter(**value)[:1]:
                newest.append((model, row.pk))
                yield f"{model.__name__}{kind}", newest[-1:]
    log = list(AuditEntry.objects.filter(target=f"loop:{loop_id}").values_list("pk", flat=True)[:3])
    yield "", newest
    yield "AuditEntry", [(AuditEntry, pk) for pk in log[:1]]
    yield from (("", [*newest, (AuditEntry, pk)]) for pk in log)


def record_head() -> None:
    """Write the end of the log beside the database, as is done after each commit."""
    if entry := AuditEntry.objects.first():
        head.head_path().write_text(f"{entry.sequence} {entry.hash}\n")


def remove(rows: list[Row]) -> None:
    """Remove these rows, as somebody does who owns the control database."""
    for model in {model for model, _ in rows}:
        keys = [pk for other, pk in rows if other is model]
        model._base_manager.filter(pk__in=keys)._raw_delete("default")


@pytest.fixture
def records_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The records of the evidence are read once: nobody touches them here."""
    monkeypatch.setattr(content_hash, "digested_records", cache_of(content_hash.digested_records))


def cache_of(read: Any) -> Any:
    """The function, which reads the same ids once."""
    known: dict[tuple[str, ...], Any] = {}
    return lambda ids: known.get(tuple(ids)) or known.setdefault(tuple(ids), read(ids))


@pytest.mark.usefixtures("records_once")
@pytest.mark.parametrize("rule", [Tenant.TwoPeople.NEVER, Tenant.TwoPeople.ALWAYS])
def test_removed_rows_open_nothing(alice: MintedProject, call: Any, rule: int) -> None:
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    Tenant.objects.update(two_people=rule)
    loop_id = stored_loop().pk
    people = User.objects.create_superuser("olga"), User.objects.create_superuser("paul")
    life = Life(loop_id, make_loop(alice.project, cluster=7), people)
    drop_triggers()

    life.go_on({})

    assert {(state, trigger) for state, _, trigger in life.gone} == allowed(rule)
    assert {kinds.split()[0] for *_, kinds in life.tried if kinds} == TABLES


def allowed(rule: int) -> set[tuple[State, Trigger]]:
    """The changes that the rule allows."""
    if rule == Tenant.TwoPeople.ALWAYS:
        return NEXT_STATES.keys() - {(State.RETURNED, Trigger.APPROVE)}  # the first one proposes it again
    return {key for key in NEXT_STATES if key[1] != Trigger.APPROVE_FIRST}


@pytest.fixture
def approved(alice: MintedProject, call: Any) -> Life:
    """A loop that a person approved."""
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    people = User.objects.create_superuser("olga"), User.objects.create_superuser("paul")
    life = Life(stored_loop().pk, make_loop(alice.project, cluster=7), people)
    life.make(Trigger.APPROVE)
    return life


def test_an_entry_of_a_rejection_that_is_edited_in_its_place_opens_nothing(approved: Life) -> None:
    before = Loop.objects.filter(pk=approved.loop_id).values().get()
    assert approved.is_open
    approved.make(Trigger.OUTDATED)
    approved.make(Trigger.REJECT)
    drop_triggers()
    for entry in AuditEntry.objects.filter(target=f"loop:{approved.loop_id}")[:2]:
        AuditEntry.objects.filter(pk=entry.pk).update(target="loop:another", event="signed_in")
    remove([(Decision, Decision.objects.first().pk), *newest_event(approved)])
    remove(newest_event(approved))
    Loop.objects.filter(pk=approved.loop_id).update(**before)

    with pytest.raises(bundle.ApprovalOutdated, match="an entry of the audit log that came later was edited"):
        bundle.refuse_unless_approved(approved.loop)


def newest_event(life: Life) -> list[Row]:
    """The newest event of the loop."""
    return [(LoopEvent, LoopEvent.objects.filter(loop=life.loop_id).latest("pk").pk)]


def test_what_ended_an_approval_before_the_log_said_so_is_added_once(
    approved: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved.make(Trigger.SHIPPED)
    before = Loop.objects.filter(pk=approved.loop_id).values().get()
    with monkeypatch.context() as earlier_release:
        earlier_release.setattr(lifecycle, "audit_ending", lambda event, now: None)
        approved.make(Trigger.VERDICT_REGRESSED)

    for _ in range(2):
        lifecycle.audit_earlier_endings(NOW)
    remove(newest_event(approved))
    Loop.objects.filter(pk=approved.loop_id).update(**before)

    assert AuditEntry.objects.filter(event="ended", target=f"loop:{approved.loop_id}").count() == 1
    assert not approved.is_open


def test_growth_is_measured_against_the_numbers_that_the_log_has(approved: Life) -> None:
    approved.make(Trigger.OUTDATED)
    choice = approval.DecisionChoice(Decision.Verb.REJECT, "No.", times=3)
    decision = approval.record_decision(approved.loop, choice, approved.people[0], NOW)
    numbers = decision.numbers
    Decision.objects.filter(pk=decision.pk).update(times=None, numbers={"failures": 0})

    edited = Decision.objects.get(pk=decision.pk)
    audited_decisions.read_sealed_numbers([edited])

    assert (edited.times, edited.numbers) == (3, numbers)
