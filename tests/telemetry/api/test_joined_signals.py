"""A user signal is joined to what it is about, whenever that arrives, and of one feedback id the latest counts."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum
from django.utils import timezone

from diagnosis.models import Loop
from telemetry import regrouping
from telemetry.grouping.versions import FIRST
from telemetry.models import Attribution, DeploymentCounts, RatedSubject, Rating, Record, Rollup, Trace
from telemetry.spans.signal_traces import IS_SIGNAL
from telemetry.store.transactions import atomic
from telemetry.windows import rfc3339, unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.diagnosis.approving import approve_seen
from tests.security.approvals.failing_shop import diagnose
from tests.telemetry.factory import span, store, trace_id

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
Say = Callable[..., dict[str, Any]]


@pytest.fixture
def say(call: Callable[..., Any], alice: MintedProject, settings: Any) -> Say:
    """Feedback with alice's feedback key, taken."""
    settings.LOOPKIT_FEEDBACK_RATE = "1000/m"

    def send(**said: Any) -> dict[str, Any]:
        answer = call("POST", "/v1/feedback", alice.keys["feedback"], said)
        assert answer.status_code == 202, answer.content
        return dict(answer.json())

    return send


def send_trace(minted: MintedProject, name: str, **attributes: str) -> None:
    """Store a trace of that name of the service `shop` in production."""
    resource = {"service.name": "shop", "deployment.environment.name": "production"}
    store(minted.project, [span("chat", trace=name, at=AT, attributes=attributes)], AT, resource)


def signal_issues(call: Any, minted: MintedProject) -> list[dict[str, Any]]:
    """The issues of user signals."""
    return [issue for issue in diagnose(call, minted)["issues"] if issue["signal_type"] == "user_signal"]


def record_of(call: Any, minted: MintedProject, record_id: str) -> dict[str, Any]:
    """A record by id."""
    [record] = call("GET", f"/v1/telemetry?record_id={record_id}", minted.keys["agent"]).json()["records"]
    return dict(record)


PLACES = ("service", "environment", "session_id", "user_id", "cluster_id")


@pytest.mark.parametrize("about", ["trace", "session"])
def test_signals_before_and_after_their_trace_are_one_issue(
    say: Say, call: Any, alice: MintedProject, about: str
) -> None:
    def rate(name: str) -> dict[str, Any]:
        named = (
            {"trace_id": trace_id(name).upper()} if about == "trace" else {"session_id": f"session {name}"}
        )
        return say(rating="down", comment="wrong", **named)

    early = rate("first")
    for name in ("first", "second"):
        send_trace(alice, name, **{"session.id": f"session {name}", "user.id": f"user {name}"})
    late = rate("second")

    [issue] = signal_issues(call, alice)
    records = [record_of(call, alice, answer["record_id"]) for answer in (early, late)]
    assert [{name: record[name] for name in PLACES} for record in records] == [
        {
            "service": "shop",
            "environment": "production",
            "session_id": f"session {name}",
            "user_id": f"user {name}",
            "cluster_id": issue["cluster_id"],
        }
        for name in ("first", "second")
    ]
    assert (issue["service"], issue["count"]) == ("shop", 2)
    assert {name: issue["impact"][name] for name in ("traces", "sessions", "users")} == {
        "traces": 2, "sessions": 2, "users": 2,
    }  # fmt: skip
    assert sorted(issue["traces"]) == sorted([trace_id("first"), trace_id("second")])


def test_an_id_that_has_not_arrived_is_answered_as_pending(say: Say, alice: MintedProject) -> None:
    send_trace(alice, "known", **{"session.id": "s"})

    answers = [
        say(rating="down", trace_id=trace_id("unknown")),
        say(rating="down", session_id="t"),
        say(rating="down", trace_id=trace_id("known"), session_id="t"),
        say(rating="up", trace_id=trace_id("known"), session_id="s"),
        say(rating="up", session_id=trace_id("known")),
    ]

    unknown = [answer["pending"] and answer["pending"]["unknown"] for answer in answers]
    assert unknown == [["trace_id"], ["session_id"], ["session_id"], None, None]
    assert "arrive" in answers[0]["pending"]["then"]


def test_a_session_that_only_signals_name_stays_unknown(say: Say) -> None:
    say(rating="down", session_id="nobody")

    again = say(rating="up", session_id="nobody")

    assert again["pending"]["unknown"] == ["session_id"]


def test_a_user_who_changes_from_down_to_up_is_not_unhappy(say: Say, call: Any, alice: MintedProject) -> None:
    send_trace(alice, "a")
    facts = {"trace_id": trace_id("a"), "feedback_id": "f"}
    down = say(rating="down", **facts)

    up = say(rating="up", **facts)

    assert up["replaces"] == down["record_id"] != up["record_id"]
    assert signal_issues(call, alice) == []
    assert record_of(call, alice, down["record_id"])["replaced_by"] == up["record_id"]
    listed = call("GET", "/v1/telemetry?operation=user_feedback", alice.keys["agent"]).json()["records"]
    assert [record["record_id"] for record in listed] == [up["record_id"]]


def test_a_user_may_change_back(say: Say, call: Any, alice: MintedProject) -> None:
    for rating in ("down", "up", "down"):
        answer = say(rating=rating, session_id="s", feedback_id="f")

    [issue] = signal_issues(call, alice)
    assert issue["evidence_ids"] == [answer["record_id"]]
    assert issue["impact"]["operation_records"] == 1


def counted(minted: MintedProject) -> dict[str, Any]:
    """All that is counted of user signals, in whole minutes and records."""
    with bind(minted.project):
        places = Rollup.objects.filter(operation="user_feedback").order_by("minute", "fingerprint")
        failing = Attribution.objects.order_by("trace_id").values_list(
            "trace_id", "span_id", "service", "environment", "user_key", "release"
        )
        deployments = DeploymentCounts.objects.filter(operation="user_feedback").order_by("pk")
        records = Record.objects.filter(operation="user_feedback").order_by("trace_id", "span_id")
        return {
            "rollups": list(places.values_list("minute", "service", "fingerprint", "count")),
            "deployments": list(
                deployments.values_list(
                    "minutes", "minute", "service", "environment", "release", "count", "failures"
                )
            ),
            "failures": [(bytes(trace), bytes(span_id), *rest) for trace, span_id, *rest in failing],
            "records": list(records.values_list("service", "environment", "release", "fingerprint")),
        }


STEPS = ("down", "up", "down again", "trace", "user")


def test_the_order_of_arrival_changes_nothing(
    say: Say, alice: MintedProject, make_project: Callable[..., MintedProject], call: Any
) -> None:
    outcomes = []
    for number, order in enumerate(random.Random(1).sample(list(permutations(STEPS)), 12)):
        minted = make_project(name=f"order {number}")
        for step in order:
            arrive(call, minted, step)
        outcomes.append(counted(minted))

    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert [row[1:] for row in outcomes[0]["rollups"]] == [("shop", outcomes[0]["rollups"][0][2], 1)]
    assert [(row[0], *row[2:]) for row in outcomes[0]["deployments"]] == [
        (minutes, "shop", "production", "", 1, 1) for minutes in (1, 60)
    ]
    assert [row[3] for row in outcomes[0]["failures"]] == ["production"]


def arrive(call: Any, minted: MintedProject, step: str) -> None:
    """One of STEPS: a version of a signal by its time, the trace that it is about, or a later span of that."""
    if step == "trace":
        return send_trace(minted, "a")
    if step == "user":
        late = span("late", trace="a", at=AT + timedelta(seconds=5), attributes={"user.id": "u"})
        store(minted.project, [late], AT)
        return None
    said = {"rating": step.split()[0], "trace_id": trace_id("a"), "feedback_id": "f"}
    said["time"] = rfc3339(unix_nano(AT + timedelta(minutes=("down", "up", "down again").index(step))))
    assert call("POST", "/v1/feedback", minted.keys["feedback"], said).status_code == 202
    return None


STORED = {
    "old trace": ("old", AT, "1.9.0"),
    "new trace": ("new", AT + timedelta(minutes=2), "2.0.0"),
    "later span": ("old", AT + timedelta(seconds=9), ""),
}
SAID = {
    "of the trace": {"trace_id": trace_id("old")},
    "of the session": {"session_id": "s", "time": rfc3339(unix_nano(AT + timedelta(minutes=1)))},
    "of it later": {"session_id": "s", "time": rfc3339(unix_nano(AT + timedelta(minutes=3)))},
}


def test_a_signal_has_the_release_of_what_was_rated_in_any_order(
    make_project: Callable[..., MintedProject], call: Any
) -> None:
    for number, order in enumerate(random.Random(2).sample(list(permutations([*STORED, *SAID])), 14)):
        minted, answers = make_project(name=f"release {number}"), {}
        for step in order:
            if step in STORED:
                store_answer(minted, *STORED[step])
                continue
            said = {"rating": "down", "comment": step} | SAID[step]
            answers[step] = call("POST", "/v1/feedback", minted.keys["feedback"], said).json()["record_id"]

        found = {step: record_of(call, minted, answers[step])["release"] for step in SAID}
        assert found == {"of the trace": "1.9.0", "of the session": "1.9.0", "of it later": "2.0.0"}, order
        with bind(minted.project):
            places = DeploymentCounts.objects.filter(operation="user_feedback", minutes=60)
            counts = dict(places.values_list("release").annotate(Sum("failures")))
            assert {name: count for name, count in counts.items() if count} == {"1.9.0": 2, "2.0.0": 1}
            failing = Attribution.objects.order_by("release").values_list("release", flat=True)
            assert list(failing) == ["1.9.0", "1.9.0", "2.0.0"]


def store_answer(minted: MintedProject, name: str, at: datetime, release: str) -> None:
    """Store a span of a trace of session s, of that release of the service `shop`."""
    resource = {"service.name": "shop"} | ({"service.version": release} if release else {})
    store(minted.project, [span("chat", trace=name, at=at, attributes={"session.id": "s"})], AT, resource)


def test_a_signal_about_a_trace_without_a_release_has_none(say: Say, call: Any, alice: MintedProject) -> None:
    store_answer(alice, "named", AT, "1.9.0")
    send_trace(alice, "unnamed")

    answers = [say(rating="down", trace_id=trace_id("unnamed")), say(rating="down", session_id="nobody")]

    assert [record_of(call, alice, each["record_id"])["release"] for each in answers] == [None, None]


def test_a_signal_that_an_earlier_version_stored_gets_its_release(
    say: Say, call: Any, alice: MintedProject
) -> None:
    store_answer(alice, "a", AT, "1.9.0")
    answer = say(rating="down", trace_id=trace_id("a"))
    with bind(alice.project):  # as the migration leaves it
        Rating.objects.update(is_stale=True)
        Record.objects.filter(IS_SIGNAL).update(release="")
        Attribution.objects.filter(IS_SIGNAL).update(release="")
        DeploymentCounts.objects.filter(operation="user_feedback").update(release="")

    send_trace(alice, "another")

    assert record_of(call, alice, answer["record_id"])["release"] == "1.9.0"
    with bind(alice.project):
        counts = DeploymentCounts.objects.filter(operation="user_feedback")
        assert set(counts.values_list("release", "count")) == {("1.9.0", 1)}


def test_a_signal_of_an_earlier_release_is_joined_with_the_next_spans(
    say: Say, call: Any, alice: MintedProject
) -> None:
    send_trace(alice, "a", **{"user.id": "u"})
    answer = say(rating="down", trace_id=trace_id("a"))
    with bind(alice.project):  # as the migration leaves it, with the columns of before
        RatedSubject.objects.all().delete()
        Rating.objects.update(about="", is_stale=True)
        Trace.objects.filter(IS_SIGNAL).update(user_id="", service="")

    send_trace(alice, "another")

    [issue] = signal_issues(call, alice)
    assert (issue["traces"], issue["impact"]["users"]) == ([trace_id("a")], 1)
    assert record_of(call, alice, answer["record_id"])["user_id"] == "u"


def test_an_approval_stands_when_what_its_evidence_is_about_arrives(
    say: Say, call: Any, alice: MintedProject
) -> None:
    say(rating="down", trace_id=trace_id("a"))
    [issue] = signal_issues(call, alice)
    loop = Loop.objects.get(loop_id=issue["loop_id"])
    approve_seen(loop, User.objects.create_superuser("boss"), "It hurts.", timezone.now())

    send_trace(alice, "a")

    handoff = call("GET", f"/v1/loops/{loop.loop_id}/handoff", alice.keys["agent"])
    assert handoff.status_code == 200, handoff.content
    assert signal_issues(call, alice)[0]["service"] == "shop"


def test_a_switch_of_fingerprints_counts_what_counted(say: Say, alice: MintedProject) -> None:
    send_trace(alice, "a")
    for rating in ("down", "up", "down"):
        say(rating=rating, trace_id=trace_id("a"), feedback_id="f")
    before = counted(alice)

    alice.project.fingerprint_version = FIRST.version
    alice.project.save()
    with bind(alice.project), atomic():
        regrouping.rewrite(regrouping.after(regrouping.START, 100), FIRST)
    after = counted(alice)

    assert [row[-1] for row in after["rollups"]] == [row[-1] for row in before["rollups"]] == [1]
    assert after["failures"] == before["failures"]
    assert after["rollups"] != before["rollups"]


def test_an_earlier_version_that_comes_late_replaces_nothing(say: Say) -> None:
    late = say(rating="up", session_id="s", feedback_id="f", time=rfc3339(unix_nano(AT)))

    early = say(rating="down", session_id="s", feedback_id="f", time=rfc3339(unix_nano(AT) - 10**9))

    assert (early["replaces"], early["replaced_by"]) == (None, late["record_id"])


@pytest.mark.parametrize("off", [timedelta(days=8), timedelta(minutes=-20)])
def test_a_time_that_nobody_can_mean_is_refused(call: Any, alice: MintedProject, off: timedelta) -> None:
    said = {"rating": "up", "session_id": "s", "time": rfc3339(unix_nano(datetime.now(UTC) - off))}

    answer = call("POST", "/v1/feedback", alice.keys["feedback"], said)

    assert answer.status_code == 400
    assert "7 days" in answer.json()["error"]["hint"]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"rating": "bad", "session_id": "s"}, "up, down"),
        ({"rating": "up", "trace_id": "7"}, "32 hex digits"),
        ({"rating": "up"}, "session.id"),
        ({"rating": "up", "session_id": "s", "score": 0}, "rating"),
        ({"rating": "up", "session": "s"}, "Did you mean session_id?"),
    ],
)
def test_an_error_names_what_is_taken(
    call: Any, alice: MintedProject, said: dict[str, Any], named: str
) -> None:
    answer = call("POST", "/v1/feedback", alice.keys["feedback"], said)

    assert answer.status_code == 400
    assert named in answer.json()["error"]["hint"]
