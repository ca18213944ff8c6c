"""The approval console over HTTP: the queue, one loop's page, and who may decide what."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.test import Client
from django.utils import timezone

from diagnosis import loops
from diagnosis.models import Decision, Loop, LoopEvent, Severity, Verification
from tenants import project_file
from tenants.models import Project
from tenants.provisioning import Minted
from tests.diagnosis.factory import NOW, make_loop
from tests.people import Reader, member, operator
from tests.telemetry.factory import span, span_id, store, trace_id

QUEUE = "/admin/diagnosis/loop/"
READ_ONLY = ["view_loop", "view_packet"]


@pytest.fixture
def project(alice: Minted) -> Project:
    """The project of the test."""
    return alice.project


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


def page_of(loop: Loop) -> str:
    """The path of the loop's page."""
    return f"{QUEUE}{quote(loop.pk)}/change/"


def decide(client: Client, loop: Loop, verb: str, reason: str = "seen it", **seen: Any) -> Any:
    """Send the form as the loop's page offers it; `seen` is what an earlier look found."""
    fields = seen or Reader(client.get(page_of(loop))).inputs
    known = {name: fields[name] for name in ("revision", "packet") if name in fields}
    return client.post(page_of(loop), known | {"verb": verb, "reason": reason})


def text(response: Any) -> str:
    """The page."""
    return str(response.content.decode())


def test_the_queue_shows_what_waits_worst_first(boss: Client, project: Project) -> None:
    make_loop(project, cluster=1, severity=Severity.LOW, failures=900, title="low one")
    make_loop(project, cluster=2, severity=Severity.CRITICAL, failures=5, title="small crash")
    make_loop(
        project, cluster=3, severity=Severity.CRITICAL, failures=50, title="big crash", state="regressed"
    )
    make_loop(project, cluster=4, severity=Severity.CRITICAL, failures=99, title="settled", state="approved")

    page = text(boss.get(QUEUE))

    places = [page.index(title) for title in ("big crash", "small crash", "low one")]
    assert places == sorted(places)
    assert "settled" not in page


@pytest.mark.parametrize(("chosen", "shown"), [("all", {"first", "second"}), ("approved", {"second"})])
def test_other_states_are_shown_on_demand(
    boss: Client, project: Project, chosen: str, shown: set[str]
) -> None:
    make_loop(project, cluster=1, title="first")
    make_loop(project, cluster=2, title="second", state="approved")

    page = text(boss.get(QUEUE, {"state": chosen}))

    assert {title for title in ("first", "second") if f">{title}<" in page} == shown


def test_a_loop_waits_since_the_agent_answered(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    answered = NOW.replace(month=7, day=9)
    loops.note(loop, LoopEvent.Kind.ANSWERED, "key_1", answered)

    page = text(boss.get(QUEUE))

    assert "July 9, 2025" in page


@pytest.mark.parametrize(
    ("verb", "state"), [("approve", "approved"), ("reject", "rejected"), ("return", "returned")]
)
def test_each_decision_moves_the_loop_and_is_kept(
    boss: Client, project: Project, verb: str, state: str
) -> None:
    loop = make_loop(project)

    answer = decide(boss, loop, verb, "because I read it")

    loop.refresh_from_db()
    decision = Decision.objects.get()
    assert (answer.status_code, loop.state) == (302, state)
    assert (decision.verb, decision.reason, decision.decided_by.username) == (
        verb,
        "because I read it",
        "boss",
    )
    assert "because I read it" in LogEntry.objects.get().change_message
    assert "because I read it" in text(boss.get(page_of(loop)))


def test_a_decision_without_a_reason_is_refused(boss: Client, project: Project) -> None:
    loop = make_loop(project)

    page = text(decide(boss, loop, "approve", "   "))

    loop.refresh_from_db()
    assert "Say why" in page
    assert loop.state == "proposed"


def test_of_two_approvers_the_second_is_told_who_decided(project: Project) -> None:
    loop = make_loop(project)
    anna, bert = operator("anna"), operator("bert")
    seen_by_bert = Reader(bert.get(page_of(loop))).inputs

    first = decide(anna, loop, "reject", "not worth it")
    second = decide(bert, loop, "approve", "looks good", **seen_by_bert)

    loop.refresh_from_db()
    assert (first.status_code, second.status_code, loop.state) == (302, 409, "rejected")
    assert "anna chose “reject”" in text(second)
    assert "not worth it" in text(second)
    assert Decision.objects.count() == 1


def test_a_loop_that_changed_meanwhile_is_not_decided_and_the_reason_is_kept_for_the_next_try(
    boss: Client, project: Project
) -> None:
    loop = make_loop(project)
    seen = Reader(boss.get(page_of(loop))).inputs
    loops.change(loop, loops.DECIDABLE, Loop.State.PROPOSED, timezone.now(), "diagnose")

    answer = decide(boss, loop, "approve", "my long thought", **seen)

    assert answer.status_code == 409
    assert "has changed since you opened it" in text(answer)
    assert "my long thought" in text(answer)
    assert decide(boss, loop, "approve", **Reader(answer).inputs).status_code == 302


def test_the_decision_names_the_packet_that_was_in_sight(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    seen = Reader(boss.get(page_of(loop))).inputs
    newer = make_loop(project, cluster=2).packet
    Loop.objects.filter(pk=loop.pk).update(packet=newer)

    decide(boss, loop, "approve", **seen)

    assert Decision.objects.get().packet_id == loop.packet_id != newer.pk


def test_a_packet_of_another_project_cannot_be_named(boss: Client, project: Project, charlie: Minted) -> None:
    loop, other = make_loop(project), make_loop(charlie.project)

    answer = decide(boss, loop, "approve", revision="1", packet=other.packet_id)

    assert answer.status_code == 409
    assert not Decision.objects.exists()


def test_a_reader_sees_everything_and_cannot_decide(project: Project) -> None:
    loop = make_loop(project)
    reader = member("rita", project.tenant, permissions=READ_ONLY)

    page = reader.get(page_of(loop))
    forged = decide(reader, loop, "approve", revision="1")
    bulk = {"action": "reject_selected", "_selected_action": loop.pk, "seen": f"{loop.pk}:1:{loop.packet_id}"}
    reader.post(QUEUE, bulk | {"reason": "forged"})

    loop.refresh_from_db()
    assert "order A-1 does not exist" in text(page)
    assert 'name="verb"' not in text(page)
    assert "Ask a superuser for the permission" in text(page)
    assert (forged.status_code, loop.state) == (403, "proposed")


def test_whoever_may_decide_may_look(project: Project) -> None:
    loop = make_loop(project)
    approver = member("otto", project.tenant, permissions=["decide_loop"])

    assert approver.get(QUEUE).status_code == 200
    assert decide(approver, loop, "approve").status_code == 302


def test_nobody_adds_changes_or_deletes_loops_and_packets(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    packet = f"/admin/diagnosis/packet/{quote(loop.packet_id)}"

    paths = [f"{QUEUE}add/", f"{QUEUE}{quote(loop.pk)}/delete/", f"{packet}/delete/", f"{packet}/change/"]
    answers = [
        boss.post(path, {"post": "yes"}).status_code for path in [*paths, "/admin/diagnosis/packet/add/"]
    ]

    assert answers == [403] * 5


def bulk(client: Client, action: str, *chosen: Loop) -> Any:
    """Choose loops in the queue; the page that asks why."""
    return client.post(QUEUE, {"action": action, "_selected_action": [loop.pk for loop in chosen]})


def confirm(client: Client, action: str, asked: Any, reason: str) -> Any:
    """Answer the page that asked why; the queue with its messages."""
    pairs = [(loop.pk, str(seen)) for loop, seen in asked.context["loops"]]
    data = {
        "action": action,
        "_selected_action": [pk for pk, _ in pairs],
        "seen": [seen for _, seen in pairs],
    }
    return client.post(QUEUE, data | {"reason": reason}, follow=True)


@pytest.mark.parametrize(
    ("action", "state"), [("reject_selected", "rejected"), ("return_selected", "returned")]
)
def test_many_loops_are_decided_with_one_reason(
    boss: Client, project: Project, action: str, state: str
) -> None:
    chosen = [make_loop(project, cluster=number) for number in (1, 2, 3)]

    asked = bulk(boss, action, *chosen[:2])
    undecided = Decision.objects.count()
    page = text(confirm(boss, action, asked, "all the same"))

    assert undecided == 0
    assert "2 loops were decided" in page
    assert sorted(Loop.objects.values_list("state", flat=True)) == sorted([state, state, "proposed"])


def test_a_bulk_decision_without_a_reason_asks_again(boss: Client, project: Project) -> None:
    asked = bulk(boss, "reject_selected", make_loop(project))

    page = text(confirm(boss, "reject_selected", asked, ""))

    assert "Say why" in page
    assert not Decision.objects.exists()


def test_a_bulk_decision_says_which_loops_others_decided_before(project: Project) -> None:
    anna, bert = operator("anna"), operator("bert")
    first, second = make_loop(project, cluster=1), make_loop(project, cluster=2)
    asked = bulk(bert, "reject_selected", first, second)
    decide(anna, first, "approve")

    page = text(confirm(bert, "reject_selected", asked, "noise"))

    first.refresh_from_db()
    assert first.state == "approved"
    assert "1 loops were decided" in page
    assert f"{first.pk} was decided before you: anna chose “approve”" in page


def test_there_is_no_bulk_approval(boss: Client, project: Project) -> None:
    make_loop(project)

    page = text(boss.get(QUEUE))

    assert 'value="reject_selected"' in page
    assert "approve_selected" not in page


NASTY = '"><img src=x onerror=alert(1)><script>alert(1)</script> https://evil.example/'


def nasty_loop(project: Project) -> Loop:
    """A loop whose evidence and issue are an attack."""
    made = span("work", trace="t", id="s", at=NOW, error=NASTY, attributes={"note": NASTY, NASTY: "x"})
    store(project, [made], NOW)
    record_id = f"rec_{trace_id('t')}{span_id('s')}"
    return make_loop(project, title=NASTY, message=NASTY, evidence_ids=[record_id], operation=NASTY)


def test_what_producers_wrote_is_text_and_marked_as_theirs(boss: Client, project: Project) -> None:
    loop = nasty_loop(project)
    paths = [page_of(loop), QUEUE, f"/admin/diagnosis/packet/{quote(loop.packet_id)}/change/"]

    pages = [boss.get(path) for path in paths]
    pages.append(bulk(boss, "reject_selected", loop))

    for page in pages:
        read = Reader(page)
        assert "&lt;script&gt;alert(1)" in text(page)
        assert "x" not in read.links  # the image that the attack brings
        assert not [link for link in read.links if "evil.example" in link]
        assert not read.forbidden
    assert "written by producers, untrusted" in text(pages[0])


def test_evidence_is_read_from_the_store(boss: Client, project: Project) -> None:
    loop = nasty_loop(project)

    page = text(boss.get(page_of(loop)))

    assert f"rec_{trace_id('t')}{span_id('s')}" in page
    assert "attributes</h4>" in page


def test_evidence_that_retention_removed_is_said_to_be_gone(boss: Client, project: Project) -> None:
    loop = make_loop(project, evidence_ids=[f"rec_{'0' * 48}"])

    page = text(boss.get(page_of(loop)))

    assert "not in the store any more" in page


def test_a_broken_store_costs_the_evidence_and_not_the_page(boss: Client, project: Project) -> None:
    loop = nasty_loop(project)
    path = project_file.path_of(project.project_id)
    project_file_broken(path)

    answer = boss.get(page_of(loop))

    assert answer.status_code == 200
    assert "The records cannot be read just now" in text(answer)


def project_file_broken(path: Any) -> None:
    """Overwrite the store with something that is no database."""
    from tenants import pool

    pool.close_all()
    path.write_bytes(b"this is not a database " * 500)


def test_the_page_has_what_a_decision_needs(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    Verification.objects.create(
        loop=loop, verdict="held", document={"before": {"failures": 4}}, created_at=NOW
    )

    page = text(boss.get(page_of(loop)))

    for part in (
        "9 users in 12 sessions", "18.5 % of the 200 records", "trend: rising", "invoke_agent support",
        "app.region", "change the tools", "Find the code of", "lookup-order-ordernotfound-v1",
        "returns a result without an error", "before.failures", "held",
    ):  # fmt: skip
        assert part in page


def test_pages_keep_the_content_security_policy(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    paths = [
        "/admin/",
        QUEUE,
        page_of(loop),
        "/admin/tenants/key/add/",
        f"/admin/tenants/project/{project.pk}/change/",
    ]

    for path in paths:
        page = boss.get(path)
        read = Reader(page)
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert "unsafe" not in page["Content-Security-Policy"]
        assert read.forbidden == []
        assert not [link for link in read.links if link.startswith(("http", "//"))]


def test_the_front_page_leads_to_what_waits(boss: Client, project: Project) -> None:
    make_loop(project, cluster=1)
    make_loop(project, cluster=2, state="approved")

    page = text(boss.get("/admin/"))

    assert "<strong>1</strong> loop waits" in page
    assert f'href="{QUEUE}"' in page


def test_people_who_may_not_see_loops_are_not_told_of_them(project: Project) -> None:
    make_loop(project)

    page = text(member("rita", project.tenant, permissions=["view_project"]).get("/admin/"))

    assert "lk-waiting" not in page
