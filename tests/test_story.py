"""
The life of one fix, over HTTP alone: provision, send, diagnose, approve, ship, verify, and a regression.

Read it from top to bottom: it is how LoopKit is meant to be used. The agent has its key, the human a password.
"""

from __future__ import annotations

from tests.browser_forms import Person
from tests.order_service_spans import order, request
from tests.server import Server
from tests.story_requests import diagnose, post, read, verify


def test_a_fix_is_found_approved_shipped_held_and_watched(server: Server, human: Person) -> None:
    # An agent provisions a project. The name is all it takes; the keys are shown this once.
    project = server.provision("story-shop")
    producer, agent = project["producer_key"], project["agent_key"]

    # The shop runs for half an hour. A quarter of its tool calls fail, each with another order number.
    turns = [order(n, failed=n % 4 == 0, minutes_ago=30 - n / 4) for n in range(80)]
    sent = post(server, "/v1/traces", producer, request(turns))
    assert (sent.status, sent.body) == (202, b"{}")
    assert sent.headers["x-loopkit-accepted"] == "160"

    # The agent asks what fails: one issue, whatever the numbers in the messages, attributed to the tool.
    packet = diagnose(server, agent)
    assert packet["status"] == "ready_for_issue_diagnosis"
    [issue] = packet["issues"]
    assert issue["operation"] == "tool lookup_order"
    assert issue["signal_type"] == "tool_call_failed"
    assert issue["impact"] == {
        "records": 20, "traces": 20, "sessions": 20, "users": 5, "tokens": 0, "operation_records": 80, "share": 0.25,
        "share_of": "records", "sampled": None,
    }  # fmt: skip
    assert issue["echoes"] == {"records": 20, "operations": ["POST /orders"]}
    assert (issue["status"], issue["trend"]) == ("new", "unclear")
    assert packet["memory"] == []

    # Every evidence id resolves to the raw record.
    for record_id in issue["evidence_ids"]:
        [record] = read(server, f"/v1/telemetry?record_id={record_id}", agent)["records"]
        assert record["outcome"] == "failure"
        assert record["capture"]["unit"] == "tool_call"

    # No key can approve; before a human did, the bundle is refused with what is missing.
    loop = f"/v1/loops/{issue['loop_id']}"
    refused = server.call("GET", f"{loop}/handoff", agent)
    assert (refused.status, refused.json()["error"]["code"]) == (409, "not_approved")
    early = post(server, f"{loop}/events", agent, {"kind": "shipped"})
    assert (early.status, early.json()["error"]["code"]) == (409, "wrong_state")

    # A human reads the issue in the admin and approves it, with a reason.
    assert "lookup_order" in human.read("/admin/diagnosis/loop/")
    page = f"/admin/diagnosis/loop/{issue['loop_id']}/change/"
    assert "not found in warehouse" in human.read(page)
    human.send(page, verb="approve", reason="Real orders are lost; fix the look-up.")

    # The agent's work list has it now, and the bundle is complete.
    [work] = read(server, "/v1/loops?state=approved", agent)["loops"]
    assert work["decision"]["reason"] == "Real orders are lost; fix the look-up."
    bundle = read(server, f"{loop}/handoff", agent)
    assert [record["record_id"] for record in bundle["evidence"]] == issue["evidence_ids"]
    assert bundle["eval_candidate"]["cases"][0]["input"]["order_id"].startswith("A-")

    # The change ships elsewhere; the agent reports what it did.
    for event in ({"kind": "pr_opened", "url": "https://git.example.test/pr/7"}, {"kind": "merged"}):
        assert post(server, f"{loop}/events", agent, event).status == 201
    shipped = post(server, f"{loop}/events", agent, {"kind": "shipped", "release": "1.0.1"})
    assert (shipped.status, shipped.json()["state"]) == (201, "shipped")

    # Nothing ran since: that is no evidence of anything.
    assert verify(server, agent, issue)["verdict"] == "no_traffic"

    # The next window runs without the failure, long enough to tell: the fix held.
    post(
        server,
        "/v1/traces",
        producer,
        request(order(n, failed=False, minutes_ago=0, release="1.0.1") for n in range(60)),
    )
    held = verify(server, agent, issue)
    assert (held["verdict"], held["state"]) == ("held", "held")
    assert (held["before"]["failures"], held["after"]["failures"], held["after"]["exposure"]) == (20, 0, 60)

    # A diagnosis remembers it.
    [memory] = diagnose(server, agent)["memory"]
    assert (memory["loop_id"], memory["state"]) == (issue["loop_id"], "held")

    # A later release brings the failure back: it is flagged, and a human is asked again.
    post(
        server,
        "/v1/traces",
        producer,
        request(order(n, failed=n % 2 == 0, minutes_ago=0, release="1.0.2") for n in range(60)),
    )
    packet = diagnose(server, agent)
    assert packet["memory"][0]["state"] == "regressed"
    assert packet["issues"][0]["status"] == "regression"
    assert "<strong>regressed</strong>, waits for a human" in human.read(page)
    again = server.call("GET", f"{loop}/handoff", agent)
    assert again.status == 409


def test_a_returned_loop_comes_back_with_the_agents_answer(server: Server, human: Person) -> None:
    project = server.provision("story-returned")
    post(
        server,
        "/v1/traces",
        project["producer_key"],
        request(order(n, failed=True, minutes_ago=5) for n in range(3)),
    )
    [issue] = diagnose(server, project["agent_key"])["issues"]

    human.send(f"/admin/diagnosis/loop/{issue['loop_id']}/change/", verb="return", reason="Which warehouses?")
    returned = read(server, f"/v1/loops/{issue['loop_id']}", project["agent_key"])
    answered = post(
        server,
        f"/v1/loops/{issue['loop_id']}/events",
        project["agent_key"],
        {"kind": "answered", "note": "All seven."},
    )

    assert (returned["state"], returned["decision"]["reason"]) == ("returned", "Which warehouses?")
    assert (answered.status, answered.json()["state"]) == (201, "proposed")
    assert "All seven." in human.read(f"/admin/diagnosis/loop/{issue['loop_id']}/change/")


def test_a_healthy_window_asks_for_more_traffic(server: Server) -> None:
    project = server.provision("story-healthy")
    post(server, "/v1/traces", project["producer_key"], request([order(1, failed=False, minutes_ago=1)]))

    packet = diagnose(server, project["agent_key"])

    assert (packet["status"], packet["issues"]) == ("observe_more", [])
    assert packet["reason"] == "2 records were read and none failed."
