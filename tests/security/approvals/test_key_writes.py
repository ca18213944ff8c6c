"""
What keys may cause to be written into the control database, found by sending every route with every key.

Each column that changes is in a table here, with what keeps it from lowering, delaying or hiding anything that waits
for a human. A new column, or a new route that writes, is not in the table and fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.urls import get_resolver
from django.utils import timezone

from diagnosis.loops import states, urgency
from diagnosis.models import Loop, LoopEvent
from diagnosis.notices import feed_keys
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import decide
from tests.security.approvals.failing_shop import diagnose, narrow, send_orders, stored_loop
from tests.staff_clients import home, operator
from tests.telemetry.factory import request, span

# Rows that keys cause to be added. None of them is a decision, a person, a tenant or a key.
ADDED = {
    "diagnosis.packet": "kept beside the earlier ones; a loop's numbers take only worse ones from it",
    "diagnosis.loop": "one a cluster, in the state proposed",
    "diagnosis.loopevent": "history: appended",
    "diagnosis.loopenvironment": "where a loop's failure was seen; none is taken away, so that no filter loses a loop",
    "diagnosis.evalcandidate": "one a cluster, never changed",
    "diagnosis.evalresult": "shown beside the eval",
    "diagnosis.notice": "of a change of state; none replaces another",
    "diagnosis.verification": "of a loop that was approved and shipped",
    "tenants.accessrequest": "an operator reads it",
    "tenants.auditentry": "that an approval ended since an agent asked again after a fix, once for each approval",
    "tenants.counter": "of requests, for rate limits; nothing of a loop is read from it",
}
NEVER_LOWER = "only grows while the loop waits"
SHOWN = "from the newest packet: shown, and nothing is sorted or decided by it"
AGENT_OR_VERDICT = "by the triggers of states.py that are the agent's or the verification's"
AFTER_APPROVAL = "of a loop that was approved"
CHANGED = {
    "diagnosis.loop.severity": NEVER_LOWER,
    "diagnosis.loop.trend": NEVER_LOWER,
    "diagnosis.loop.failures_seen": NEVER_LOWER,
    "diagnosis.loop.people_seen": NEVER_LOWER,
    "diagnosis.loop.seen_seconds": NEVER_LOWER,
    "diagnosis.loop.urgency": NEVER_LOWER,
    "diagnosis.loop.last_seen_at": NEVER_LOWER,
    "diagnosis.loop.failures": SHOWN,
    "diagnosis.loop.issue": SHOWN,
    "diagnosis.loop.quiet_since": SHOWN,
    "diagnosis.loopenvironment.failures": SHOWN,
    "diagnosis.loop.packet_id": SHOWN,
    "diagnosis.loop.title": SHOWN,
    "diagnosis.loop.updated_at": SHOWN,
    "diagnosis.loop.state": AGENT_OR_VERDICT,
    "diagnosis.loop.revision": AGENT_OR_VERDICT,
    "diagnosis.loop.waiting_since": "set when a loop begins to wait, never later while it waits",
    "diagnosis.loop.again": "a sentence of the code, when an agent asks again after a fix",
    "diagnosis.loop.attempt": AFTER_APPROVAL,
    "diagnosis.loop.shipment_set_at": AFTER_APPROVAL,
    "diagnosis.loop.release": AFTER_APPROVAL,
    "diagnosis.loop.shipped_at": AFTER_APPROVAL,
    "diagnosis.loop.baseline": AFTER_APPROVAL,
    "diagnosis.loop.verdict": AFTER_APPROVAL,
    "diagnosis.feedkey.last_used_at": "of the key itself",
    "tenants.key.last_used_at": "of the key itself",
    "tenants.counter.value": "as above",
    "tenants.counter.expires_at": "as above",
}
MONOTONE = [name.rsplit(".", 1)[1] for name, why in CHANGED.items() if why == NEVER_LOWER]
DECIDED = {"bill": "approve", "pack": "return", "mail": "reject", "scan": ""}
Rows = dict[tuple[str, Any], dict[str, Any]]
Sent = tuple[str, Any]  # method and body


def control_rows() -> Rows:
    """Every row of diagnosis and tenants in the control database, by model and primary key."""
    models = [*apps.get_app_config("diagnosis").get_models(), *apps.get_app_config("tenants").get_models()]
    return {
        (model._meta.label_lower, row[model._meta.pk.attname]): row
        for model in models
        for row in model._base_manager.values()
    }


def differences(before: Rows, after: Rows) -> Iterator[tuple[str, str]]:
    """`("added", model)`, `("changed", model.column)` and `("deleted", model)` of everything that differs."""
    for key in before.keys() | after.keys():
        if key not in before or key not in after:
            yield ("added" if key in after else "deleted"), key[0]
        else:
            yield from (
                ("changed", f"{key[0]}.{name}")
                for name, value in after[key].items()
                if before[key].get(name) != value
            )


def routes(loops: list[str], ids: dict[str, str]) -> list[str]:
    """Every path of the API, ingest first, with real ids in its parameters; reports go to each of the loops."""
    patterns = {str(entry.pattern) for entry in all_patterns()}
    minting = ("v1/signup", "v1/provision", "v1/recover")
    paths = [name for name in patterns if name.startswith("v1/") and not name.startswith(minting)]
    targets = [
        "/" + filled(path, ids | {"loop_id": loop})
        for path in paths
        for loop in (loops if path.endswith("/events") else loops[:1])
    ]
    return sorted(targets, key=lambda path: (path != "/v1/traces", path))


def all_patterns() -> Iterator[Any]:
    """The URL patterns of all apps, without the admin's."""
    for entry in get_resolver().url_patterns:
        yield from getattr(entry, "url_patterns", [entry]) if str(entry.pattern) == "" else [entry]


def filled(path: str, ids: dict[str, str]) -> str:
    """The path with these ids for its parameters."""
    for name, value in ids.items():
        for converter in ("slug", "path", "str"):
            path = path.replace(f"<{converter}:{name}>", value)
    return path


def requests_of(path: str, first: Any) -> list[Sent]:
    """What to send there: a GET, and each body that the route could store."""
    late = span("place order", trace="late", id="late", at=timezone.now(), error="no stock")
    new = span("weigh", trace="new", id="new", at=timezone.now(), error="no scales")
    kinds = [{"kind": kind, "note": "n"} for kind in LoopEvent.Kind.values]
    bodies: dict[str, list[Any]] = {
        "/v1/traces": [request(late, new)],
        "/v1/feedback": [{"rating": "down", "comment": "bad", "session_id": "s1"}],
        "/v1/runs/diagnose": [{"since_minutes": 60}, {"since_minutes": 43200}, {"since_minutes": 1, "until": first}],
        "/v1/evals": [{"eval_id": "place-order-v1", "passed": True}],
        "/v1/access-requests": [{"email": "a@example.com", "reason": "more spans", "name": "a"}],
    }  # fmt: skip
    if path.endswith("/events"):
        return [("GET", None), *(("POST", body) for body in kinds)]
    if path == "/v1/runs/verify":
        return [("POST", {"loop_id": pk}) for pk in Loop.objects.values_list("pk", flat=True)]
    return [("GET", None), *(("POST", body) for body in bodies.get(path.rstrip("/"), [{}]))]


@pytest.fixture
def shop(alice: MintedProject, call: Any) -> MintedProject:
    """Loops in every state that people decide on: proposed, approved, returned and rejected."""
    home(alice.project, "acme")
    boss = operator()
    send_orders(call, alice)
    for job in DECIDED:
        failing = span(job, trace=job, id=job, at=timezone.now(), error=f"no {job}")
        call("POST", "/v1/traces", alice.keys["producer"], request(failing))
    diagnose(call, alice)
    for job, verb in DECIDED.items():
        if verb:
            decide(boss, Loop.objects.get(operation=job), verb)
    return alice


def test_keys_write_what_the_table_names_and_nothing_else(shop: MintedProject, call: Any) -> None:
    keys = [*shop.keys.values(), feed_keys.mint_feed_key(shop.project.tenant, "chat", timezone.now())[0]]
    first = (timezone.now() - timedelta(minutes=39)).isoformat()
    loops = list(Loop.objects.values_list("pk", flat=True))
    packet = stored_ids()
    found: set[tuple[str, str]] = set()

    for path in routes(loops, packet):
        before = control_rows()
        for key, (method, body) in product(keys, requests_of(path, first)):
            assert call(method, path, key, body).status_code < 500, (path, body)
        found |= set(differences(before, control_rows()))

    assert {name for kind, name in found if kind == "added"} <= ADDED.keys()
    assert {name for kind, name in found if kind == "changed"} <= CHANGED.keys()
    assert not {name for kind, name in found if kind == "deleted"}
    # And the requests did reach what the table is about.
    assert {("added", "diagnosis.packet"), ("changed", "diagnosis.loop.state")} <= found
    assert {("added", "diagnosis.evalcandidate"), ("added", "diagnosis.loopevent")} <= found


def stored_ids() -> dict[str, str]:
    """Ids for the parameters of paths."""
    loop = Loop.objects.first()
    assert loop is not None
    return {"packet_id": loop.packet_id, "eval_id": loop.issue["eval_candidate"], "id": "s1"}


@pytest.mark.parametrize("column", MONOTONE)
def test_no_window_and_no_traffic_lowers_the_column(alice: MintedProject, call: Any, column: str) -> None:
    first = send_orders(call, alice)
    diagnose(call, alice)
    before = Loop.objects.values().get()[column]

    send_orders(call, alice, orders=300, failing=0)
    for window in ({"minutes": 43200}, {"minutes": 1}, {"minutes": 240}, narrow(first)):
        diagnose(call, alice, **window)

    after = Loop.objects.values().get()[column]
    weight = urgency.TREND_WEIGHT.__getitem__ if column == "trend" else lambda value: value
    assert weight(after) >= weight(before)


def test_a_loop_waits_since_the_same_time_whatever_a_key_asks_for(alice: MintedProject, call: Any) -> None:
    first = send_orders(call, alice)
    diagnose(call, alice)
    since = stored_loop().waiting_since

    for window in (narrow(first), {"minutes": 43200}):
        diagnose(call, alice, **window)

    assert stored_loop().waiting_since == since


def test_of_the_states_that_wait_for_a_human_no_key_leads_out() -> None:
    others = {states.MovedBy.HUMAN, states.MovedBy.SWITCH, states.MovedBy.REOPENING}
    by_keys = [row for row in states.TABLE if row.moved_by not in others]

    assert not {state for row in by_keys for state in row.before} & set(states.WAITING)
