"""
How a loop can end, over HTTP: each story from the first failure to its end. test_story.py tells the usual one, with
`held` and what comes after.

Time is passed by the times of the spans: the failures are an hour old when they are sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.browser_forms import Person
from tests.order_service_spans import order, request
from tests.server import Server
from tests.story_requests import diagnose, minutes_before, post, read, verify

SHIPPED = 4  # minutes ago: as far before the approval as clocks may differ


@pytest.mark.parametrize(
    ("verdict", "state", "fails"),
    [
        ("improved", "inconclusive", lambda n: n % 8 == 0),
        ("unchanged", "inconclusive", lambda n: n % 2 == 0),
        ("regressed", "regressed", lambda n: True),
    ],
)
def test_a_fix_is_judged_by_the_next_window(
    server: Server, human: Person, verdict: str, state: str, fails: Callable[[int], bool]
) -> None:
    # Half of the orders fail. The agent finds it, a human approves.
    project = server.provision(f"ending-{verdict}")
    producer, agent = project["producer_key"], project["agent_key"]
    turns = [order(n, failed=n % 2 == 0, minutes_ago=55 - n / 10) for n in range(200)]
    assert post(server, "/v1/traces", producer, request(turns)).status == 202
    [issue] = diagnose(server, agent)["issues"]
    human.send(f"/admin/diagnosis/loop/{issue['loop_id']}/change/", verb="approve", reason="Half of them!")

    # The fix ships, and the next window runs with it.
    fix = {"kind": "shipped", "release": "1.0.1", "shipped_at": minutes_before(SHIPPED)}
    assert post(server, f"/v1/loops/{issue['loop_id']}/events", agent, fix).status == 201
    after = [order(n, failed=fails(n), minutes_ago=3.5 - n / 100, release="1.0.1") for n in range(200)]
    post(server, "/v1/traces", producer, request(after))

    # The verdict is the numbers'; the loop moves with it, and memory knows.
    judged = verify(server, agent, issue)
    assert (judged["verdict"], judged["state"]) == (verdict, state)
    [memory] = diagnose(server, agent)["memory"]
    assert (memory["state"], memory["verdict"]) == (state, verdict)


def test_silence_after_a_fix_is_no_success(server: Server, human: Person) -> None:
    project = server.provision("ending-no-traffic")
    turns = [order(n, failed=n % 2 == 0, minutes_ago=20) for n in range(40)]
    post(server, "/v1/traces", project["producer_key"], request(turns))
    [issue] = diagnose(server, project["agent_key"])["issues"]
    human.send(f"/admin/diagnosis/loop/{issue['loop_id']}/change/", verb="approve", reason="Half of them!")
    post(server, f"/v1/loops/{issue['loop_id']}/events", project["agent_key"], {"kind": "shipped"})

    judged = verify(server, project["agent_key"], issue)

    assert (judged["verdict"], judged["state"]) == ("no_traffic", "shipped")


def test_a_rejected_failure_comes_back_once_it_grew(server: Server, human: Person) -> None:
    # An hour ago: ten orders failed in twenty minutes. A human has better things to do.
    project = server.provision("ending-grown")
    producer, agent = project["producer_key"], project["agent_key"]
    few = [order(n, failed=n % 10 == 0, minutes_ago=90 - n / 5) for n in range(100)]
    post(server, "/v1/traces", producer, request(few))
    [issue] = diagnose(server, agent, minutes_ago=70)["issues"]
    page, loop = f"/admin/diagnosis/loop/{issue['loop_id']}/change/", f"/v1/loops/{issue['loop_id']}"
    human.send(page, verb="reject", reason="One customer, known.", times="3")

    # The agent is told so, and what would bring it back.
    rejected = read(server, loop, agent)
    assert (rejected["state"], rejected["decision"]["times"]) == ("rejected", 3)
    assert rejected["next_action"].endswith(
        "once it grows 3 times past the 240 failures a day at which it was rejected."
    )

    # It goes on as before: nobody is asked.
    same = [order(n, failed=n % 10 == 0, minutes_ago=69 - n / 15, release="1.1") for n in range(100)]
    post(server, "/v1/traces", producer, request(same))
    assert diagnose(server, agent, minutes_ago=61)["issues"][0]["status"] == "rejected"

    # Then it grows. The loop waits again, and says at what rate it was rejected, by whom, and why.
    many = [order(n, failed=True, minutes_ago=50 - n / 5, release="1.2") for n in range(200)]
    post(server, "/v1/traces", producer, request(many))
    packet = diagnose(server, agent)
    assert packet["issues"][0]["status"] == "reopened"
    again = read(server, loop, agent)
    assert (again["state"], again["decision"]["verb"]) == ("proposed", "reject")
    told = "Rejected at 240 failures a day, 1 user by admin because: One customer, known; now "
    assert again["again"].startswith(told)
    assert packet["memory"][0]["note"].startswith(told)
    assert told in human.read(page)

    # Rejected for good, it never comes back by itself.
    human.send(page, verb="reject", reason="Leave it.", for_good="on")
    assert diagnose(server, agent)["issues"][0]["status"] == "rejected"
    assert "For good" in read(server, loop, agent)["next_action"]


def test_a_question_is_answered_and_then_approved(server: Server, human: Person) -> None:
    project = server.provision("ending-answered")
    agent = project["agent_key"]
    turns = [order(n, failed=True, minutes_ago=5) for n in range(3)]
    post(server, "/v1/traces", project["producer_key"], request(turns))
    [issue] = diagnose(server, agent)["issues"]
    page, loop = f"/admin/diagnosis/loop/{issue['loop_id']}/change/", f"/v1/loops/{issue['loop_id']}"

    # A human asks. The agent sees state and question at once, in its list, too.
    human.send(page, verb="return", reason="Which warehouses?")
    [returned] = read(server, "/v1/loops?state=returned", agent)["loops"]
    assert (returned["state"], returned["question"]) == ("returned", "Which warehouses?")

    # It answers, and the loop waits again: question and answer stand on its page.
    answer = {"kind": "answered", "note": "All seven."}
    assert post(server, f"{loop}/events", agent, answer).json()["state"] == "proposed"
    assert "Which warehouses?" in human.read(page)
    assert "All seven." in human.read(page)

    # That was it. The work list has it, and the history kept all three.
    human.send(page, verb="approve", reason="Then go ahead.")
    [work] = read(server, "/v1/loops?state=approved", agent)["loops"]
    assert (work["question"], work["decision"]["reason"]) == (None, "Then go ahead.")
    told = [
        event["detail"].get("reason") or event["detail"].get("note")
        for event in read(server, loop, agent)["events"]
    ]
    assert told[-3:] == ["Which warehouses?", "All seven.", "Then go ahead."]
    assert server.call("GET", f"{loop}/handoff", agent).status == 200


def test_two_people_approve_where_a_tenant_wants_it(server: Server, human: Person) -> None:
    # An operator makes a tenant with the rule, moves the project there, and lets a second person in.
    project = server.provision("ending-two")
    agent = project["agent_key"]
    human.send("/admin/tenants/tenant/add/", tenant_id="careful", name="Careful", two_people="1")
    human.send(
        f"/admin/tenants/project/{project['project_id']}/change/",
        name="ending-two", tenant="careful", state="active", plan="", quota_spans="",
        expires_at_0="", expires_at_1="", context_log_days="0",
    )  # fmt: skip
    paula = second_person(server, human, tenant="careful")

    # A failure is found.
    turns = [order(n, failed=True, minutes_ago=5) for n in range(3)]
    post(server, "/v1/traces", project["producer_key"], request(turns))
    [issue] = diagnose(server, agent)["issues"]
    page, loop = f"/admin/diagnosis/loop/{issue['loop_id']}/change/", f"/v1/loops/{issue['loop_id']}"
    assert "Two people must approve" in human.read(page)

    # The first approval is kept, and moves nothing. The same person cannot give the second.
    human.send(page, verb="approve", reason="Looks right.")
    waiting = read(server, loop, agent)
    assert (waiting["state"], waiting["approvals"]) == ("proposed", {"needed": 2, "given_by": ["admin"]})
    assert waiting["next_action"].startswith("One of two approvals, by admin.")
    assert server.call("GET", f"{loop}/handoff", agent).status == 409
    with pytest.raises(AssertionError, match="the second must come from somebody else"):
        human.send(page, verb="approve", reason="Really.")

    # The second sees the first one's reason, and completes it.
    assert "Looks right." in paula.read(page)
    paula.send(page, verb="approve", reason="To me as well.")
    approved = read(server, loop, agent)
    assert (approved["state"], approved["approvals"]["given_by"]) == ("approved", ["admin", "paula"])
    first, second = [event for event in approved["events"] if event["kind"] == "decided"]
    assert (
        first["detail"]["content_hash"]
        == second["detail"]["content_hash"]
        == approved["decision"]["content_hash"]
    )
    assert server.call("GET", f"{loop}/handoff", agent).status == 200


def second_person(server: Server, human: Person, tenant: str) -> Person:
    """Paula, an approver of that tenant, signed in."""
    secret = "correct horse 9"
    human.send(
        "/admin/auth/user/add/", username="paula", usable_password="true", password1=secret, password2=secret
    )
    found = re.search(r"/admin/auth/user/(\d+)/change/[^>]*>paula<", human.read("/admin/auth/user/?q=paula"))
    assert found
    form = human.read(f"/admin/auth/user/{found[1]}/change/")
    role = re.search(r'<option value="(\d+)"[^>]*>approver<', form)
    joined = dict(re.findall(r'name="(date_joined_[01])" value="([^"]*)"', form))
    assert role
    human.send(
        f"/admin/auth/user/{found[1]}/change/",
        username="paula", is_active="on", is_staff="on", groups=role[1], **joined,
    )  # fmt: skip
    human.send(f"/admin/tenants/tenant/{tenant}/change/", name="Careful", two_people="1", members=found[1])
    paula = Person(server.url)
    paula.sign_in("paula", secret)
    return paula
