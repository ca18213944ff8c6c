"""Loops, evals and verdicts go on under the new clusters: moved, split, merged, in every state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from diagnosis.diagnose import diagnose
from diagnosis.fingerprint_switch import switch
from diagnosis.fingerprint_switch.cluster_map import PRECEDENCE
from diagnosis.fingerprint_switch.preview import preview_switch
from diagnosis.handoff import reports
from diagnosis.issues.findings import read_findings
from diagnosis.loops import lifecycle
from diagnosis.loops.states import Trigger
from diagnosis.models import EvalCandidate, Loop, LoopEvent
from diagnosis.packets.publishing import packet_as_answered, publish
from diagnosis.verification import verify
from loopkit.http.errors import Unavailable
from telemetry.grouping.fingerprint import of_cluster_id
from telemetry.grouping.versions import FIRST, NEWEST
from telemetry.store import version_freshness
from telemetry.store.unreadable_parts import UnreadableParts
from telemetry.windows import Window
from tenants.audit import audit_log
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.native_crashes import DRIVER, JAVA, LOADER, clusters, crashes, send, switched
from tests.diagnosis.server_frameworks import FRAMEWORKS, Raised, as_requests
from tests.telemetry.factory import span, store

T0 = datetime(2026, 5, 4, 12, tzinfo=UTC)
NOW = T0 + timedelta(hours=1)
OLD, NEW = FIRST.version, NEWEST.version
State = Loop.State
LOST = Raised("shop.orders.NoSuchOrder", "order 7 of the customer is not there")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here holds a request for seconds."""
    monkeypatch.setattr(version_freshness, "WAIT", 0.0)


def fine(at: datetime, count: int) -> list[dict[str, Any]]:
    """So many healthy records of the operation."""
    return [span("paint", trace=f"{at}{n}", at=at + timedelta(seconds=n)) for n in range(count)]


def packet_of(project: Project, now: datetime = NOW) -> dict[str, Any]:
    """What a diagnosis of the last two hours says."""
    current = Project.objects.get(pk=project.pk)
    return packet_as_answered(diagnose(current, Window.ending(now, 120), now))


@pytest.fixture
def minted(make_project: Any) -> MintedProject:
    """2 crashes in the driver, 3 in the loader, 4 in Java, among 20 healthy records, by the first version."""
    made: MintedProject = make_project(fingerprint_version=OLD)
    send(
        made.project, NOW, crashes(DRIVER, T0, 2), crashes(LOADER, T0, 3), crashes(JAVA, T0, 4), fine(T0, 20)
    )
    return made


@pytest.fixture
def project(minted: MintedProject) -> Project:
    """Its project, diagnosed: a loop for each."""
    packet_of(minted.project)
    return minted.project


@pytest.fixture
def merged(make_project: Any) -> Project:
    """The crashes in driver and loader as one cluster, by the newest version, diagnosed."""
    made: Project = make_project().project
    send(made, NOW, crashes(DRIVER, T0, 2), crashes(LOADER, T0, 3), fine(T0, 20))
    packet_of(made)
    return made


def loop_of(project: Project, failures: int) -> Loop:
    """The project's loop with so many failures."""
    return Loop.objects.get(project=project, failures=failures)


def put(loop: Loop, state: str, **fields: Any) -> Loop:
    """The loop, moved to that state."""
    Loop.objects.filter(pk=loop.pk).update(state=state, **fields)
    loop.refresh_from_db()
    return loop


def events(loop: Loop, kind: str) -> list[dict[str, Any]]:
    """What the loop's history says of that kind."""
    return list(loop.events.filter(kind=kind).values_list("detail", flat=True))


@pytest.mark.parametrize("state", PRECEDENCE)
def test_a_loop_in_any_state_follows_its_cluster(project: Project, state: str) -> None:
    loop = put(loop_of(project, 4), state, shipped_at=T0)
    before = loop.cluster_id

    switched(project, NEW, NOW)

    revision = loop.revision
    loop.refresh_from_db()
    assert clusters(project)[loop.cluster_id] == 4
    assert (loop.state, loop.revision, loop.issue["cluster_id"]) == (state, revision + 1, loop.cluster_id)
    [told] = events(loop, LoopEvent.Kind.MOVED)
    assert told["cluster_id"] == {"before": before, "after": loop.cluster_id}
    assert told["fingerprint_version"] == {"before": OLD, "after": NEW}


@pytest.mark.parametrize(
    ("driver", "loader"),
    [(State.APPROVED, State.PROPOSED), (State.SHIPPED, State.APPROVED), (State.REJECTED, State.RETURNED),
     (State.HELD, State.REGRESSED), (State.REGRESSED, State.APPROVED)],
)  # fmt: skip
def test_where_clusters_merge_the_loop_with_the_further_decision_stays(
    project: Project, driver: str, loader: str
) -> None:
    stays = put(loop_of(project, 2), driver, shipped_at=T0)
    ends = put(loop_of(project, 3), loader, shipped_at=T0)

    switched(project, NEW, NOW)

    stays.refresh_from_db()
    ends.refresh_from_db()
    assert (stays.state, clusters(project)[stays.cluster_id]) == (driver, 5)
    assert (ends.state, ends.joined_to) == (State.JOINED, stays)
    assert events(ends, LoopEvent.Kind.JOINED) == [{"loop_id": stays.loop_id, "state": loader}]
    assert events(stays, LoopEvent.Kind.MOVED)[0]["joined"] == [ends.loop_id]


def test_the_next_diagnosis_goes_on_with_the_loops_and_evals_there_are(project: Project) -> None:
    before = {issue["loop_id"]: issue["eval_candidate"] for issue in packet_of(project)["issues"]}

    switched(project, NEW, NOW)
    after = {issue["loop_id"]: issue["eval_candidate"] for issue in packet_of(project)["issues"]}

    assert len(before) == 3
    assert len(after) == 2
    assert after.items() <= before.items()
    evals = EvalCandidate.objects.filter(eval_id__in=after.values())
    assert set(EvalCandidate.objects.values_list("eval_id", flat=True)) == set(before.values())
    assert {one.document["cluster_id"] for one in evals} == clusters(project).keys()


def test_a_loop_follows_the_biggest_part_and_the_others_are_proposed_anew(merged: Project) -> None:
    loop = loop_of(merged, 5)
    approve_seen(loop, User.objects.create_superuser("olga"), "seen it", NOW)

    switched(merged, OLD, NOW)
    issues = packet_of(merged)["issues"]

    loop.refresh_from_db()
    assert (loop.state, clusters(merged)[loop.cluster_id]) == (State.APPROVED, 3)
    assert {issue["count"]: issue["status"] for issue in issues} == {3: "in_progress", 2: "new"}
    [told] = events(loop, LoopEvent.Kind.MOVED)
    assert told["proposed_anew"] == [issue["cluster_id"] for issue in issues if issue["count"] == 2]


@pytest.mark.parametrize("decided", [2, 3])
def test_what_was_merged_and_is_split_again_has_two_loops_again(project: Project, decided: int) -> None:
    put(loop_of(project, decided), State.APPROVED)
    before = set(Loop.objects.values_list("loop_id", flat=True))

    switched(project, NEW, NOW)
    switched(project, OLD, NOW)
    issues = packet_of(project)["issues"]

    found = {issue["loop_id"] for issue in issues}
    assert sorted(issue["count"] for issue in issues) == [2, 3, 4]
    assert {clusters(project)[issue["cluster_id"]] for issue in issues} == {2, 3, 4}
    assert len(found) == 3
    assert State.JOINED not in set(Loop.objects.filter(loop_id__in=found).values_list("state", flat=True))
    assert len(found & before) >= 2


def test_an_approval_outlives_a_switch(minted: MintedProject, project: Project, call: Any) -> None:
    loop, olga = loop_of(project, 4), User.objects.create_superuser("olga")
    approve_seen(loop, olga, "seen it", NOW)

    switched(project, NEW, NOW)
    packet_of(project)

    handoff = call("GET", f"/v1/loops/{loop.loop_id}/handoff", minted.keys["agent"])
    loop.refresh_from_db()
    assert (loop.state, loop.again) == (State.APPROVED, "")
    assert handoff.status_code == 200
    assert handoff.json()["issue"]["cluster_id"] == loop.cluster_id
    assert clusters(project)[loop.cluster_id] == 4


def test_a_decision_on_an_older_packet_is_about_the_cluster_of_today(project: Project) -> None:
    switched(project, NEW, NOW)
    loop, olga = loop_of(project, 4), User.objects.create_superuser("olga")

    approve_seen(loop, olga, "seen it", NOW)

    assert loop.issue["cluster_id"] == loop.cluster_id
    assert packet_of(project)["memory"][0]["state"] == State.APPROVED


def test_a_human_who_had_a_moved_loop_in_sight_is_told(project: Project) -> None:
    loop = loop_of(project, 4)

    switched(project, NEW, NOW)

    with pytest.raises(lifecycle.WrongState):
        lifecycle.apply_trigger(loop, Trigger.APPROVE, NOW)


def test_a_loop_without_a_stored_record_stays_as_it_is(project: Project) -> None:
    loop = loop_of(project, 4)
    Loop.objects.filter(pk=loop.pk).update(cluster_id="clu_00000000000000a1", signal_type="latency")

    switched(project, NEW, NOW)

    loop.refresh_from_db()
    assert (loop.cluster_id, loop.state, loop.events.count()) == ("clu_00000000000000a1", State.PROPOSED, 1)


def ship(loop: Loop) -> None:
    """Report the fix at NOW."""
    put(loop, State.APPROVED)
    with bind(loop.project):
        reports.record_report(loop, LoopEvent.Kind.SHIPPED, "key", NOW)


def test_a_shipped_fix_is_measured_against_the_part_that_it_follows(merged: Project) -> None:
    loop = loop_of(merged, 5)
    ship(loop)
    before = dict(loop.baseline)

    switched(merged, OLD, NOW)
    loop.refresh_from_db()
    after, later = dict(loop.baseline), NOW + timedelta(hours=1)
    send(merged, later, fine(NOW, 150), crashes(DRIVER, NOW, 2))
    found = verify.verify(loop, later)

    assert (before["failures"], after["failures"]) == (5, 3)
    assert after["window"] == before["window"]
    assert list(after["others"].values()) == [2]
    assert (found.document["before"]["failures"], found.document["after"]["failures"]) == (3, 0)
    assert found.verdict == "held"


def test_a_fix_that_held_is_watched_at_the_rate_of_the_part_that_it_follows(merged: Project) -> None:
    loop = loop_of(merged, 5)
    ship(loop)
    later = NOW + timedelta(hours=1)
    send(merged, later, fine(NOW, 150))
    assert verify.verify(loop, later).verdict == "held"
    allowed = loop.baseline["allowed_rate"]

    switched(merged, OLD, later)

    loop.refresh_from_db()
    assert loop.state == State.HELD
    assert loop.baseline["allowed_rate"] == pytest.approx(allowed * 3 / 5)
    assert loop.baseline["exposure"] == 150
    send(merged, later, crashes(LOADER, later, 6))
    assert verify.verify(loop, later + timedelta(hours=1)).verdict == "regressed"


def test_a_switch_leaves_other_projects_alone(project: Project, merged: Project) -> None:
    before = list(Loop.objects.filter(project=merged).values()), clusters(merged)

    switched(project, NEW, NOW)

    assert (list(Loop.objects.filter(project=merged).values()), clusters(merged)) == before
    merged.refresh_from_db()
    assert merged.fingerprint_version == NEW


@pytest.fixture
def under_way(minted: MintedProject, project: Project) -> MintedProject:
    """A switch that stopped half-way."""
    begun = switch.begin_switch(Project.objects.get(pk=project.pk), NEW, audit_log.SHELL, NOW)
    switch.advance_switch(begun, seconds=0)
    return minted


@pytest.mark.parametrize("asked", ["diagnose", "verify", "shipped"])
def test_what_reads_clusters_waits_for_a_switch(under_way: MintedProject, call: Any, asked: str) -> None:
    loop = put(
        loop_of(under_way.project, 4), State.APPROVED if asked == "shipped" else State.SHIPPED, shipped_at=T0
    )
    path, data = {
        "diagnose": ("/v1/runs/diagnose", {"since_minutes": 60}),
        "verify": ("/v1/runs/verify", {"loop_id": loop.loop_id}),
        "shipped": (f"/v1/loops/{loop.loop_id}/events", {"kind": "shipped"}),
    }[asked]

    answer = call("POST", path, under_way.keys["agent"], data)

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "fingerprints_switching"
    assert int(answer.headers["Retry-After"]) > 0


def test_a_diagnosis_that_began_before_a_switch_publishes_nothing(project: Project) -> None:
    asked = Project.objects.get(pk=project.pk)
    with bind(asked):
        findings = read_findings(Window.ending(NOW, 120))
    switched(project, NEW, NOW)
    before = list(Loop.objects.values_list("loop_id", "cluster_id"))

    with pytest.raises(Unavailable), bind(asked):
        publish(asked, findings, "", NOW, UnreadableParts())

    assert list(Loop.objects.values_list("loop_id", "cluster_id")) == before


def test_an_older_packet_names_the_clusters_of_today(
    minted: MintedProject, project: Project, call: Any
) -> None:
    switched(project, NEW, NOW)

    packet = call("GET", "/v1/packets", minted.keys["agent"]).json()["packets"][0]
    told = call("GET", f"/v1/packets/{packet['packet_id']}", minted.keys["agent"]).json()["packet"]

    java = next(issue for issue in told["issues"] if issue["count"] == 4)
    assert clusters(project)[java["cluster_id"]] == 4
    ended = next(issue for issue in told["issues"] if issue["approval"]["state"] == State.JOINED)
    assert "/v1/loops/loop_" in ended["next_action"]


def test_a_loop_follows_its_failures_to_the_span_that_they_are_charged_to(make_project: Any) -> None:
    project = make_project("asgi", fingerprint_version=2).project
    for number in range(3):
        for scope, sent in as_requests(
            FRAMEWORKS["ASGI"](LOST, []), f"t{number}", NOW - timedelta(minutes=5)
        ):
            store(project, [sent], NOW, scope={"name": scope})
    [before] = packet_of(project)["issues"]
    moved = preview_switch(project, NEWEST, NOW).moves

    switched(project, NEW, NOW)

    [after] = packet_of(project)["issues"]
    assert before["operation"].endswith("http send")
    assert after["error_type"] == LOST.error_type
    assert after["loop_id"] == before["loop_id"]
    assert {of_cluster_id(after["cluster_id"])} == {new for parts in moved.values() for new in parts}
