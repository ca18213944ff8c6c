"""A failing request is one issue, charged to the span that knows most, whichever web framework recorded it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.issues.findings import read_findings
from diagnosis.packets.publishing import packet_as_answered
from telemetry import regrouping
from telemetry.grouping.versions import NEWEST
from telemetry.store.transactions import atomic
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests.diagnosis.server_frameworks import (
    FRAMEWORKS,
    ROUTE,
    Framework,
    Raised,
    Shape,
    as_requests,
    asked,
    queried,
    send,
    server,
)
from tests.telemetry.factory import minutes, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BUG = Raised("shop.orders.NoSuchOrder", "order 7 of the customer is not there")
NO_TABLE = Raised("psycopg.errors.UndefinedTable", 'relation "orders_2026" does not exist')
REFUSED = Raised("httpx.ConnectError", "all connection attempts to the stock failed")
ANSWERED = Raised("httpx.HTTPStatusError", "server error '503 Service Unavailable' for the stock of order 7")

every_framework = pytest.mark.parametrize("framework", FRAMEWORKS.values(), ids=FRAMEWORKS)


def sent(project: Project, shapes: Sequence[Shape], trace: str = "one") -> None:
    """Store the spans, those of each scope in a request of their own."""
    requests = as_requests(shapes, trace, NOW - minutes(5))
    for scope in dict.fromkeys(scope for scope, _ in requests):
        store(project, [span for name, span in requests if name == scope], NOW, scope={"name": scope})


def issues(project: Project) -> list[tuple[str, str]]:
    """Operation and title of each issue."""
    with bind(project):
        found = read_findings(Window.ending(NOW, 60)).issues
    return [(issue.example.operation, issue.title) for issue in found]


@every_framework
def test_a_bug_is_charged_to_the_span_with_the_exception_or_else_to_the_server(
    alice: MintedProject, framework: Framework
) -> None:
    sent(alice.project, framework(BUG, []))

    [(operation, title)] = issues(alice.project)

    assert operation not in ("request", f"GET {ROUTE} http send")
    assert ": NoSuchOrder: " in title or operation == f"GET {ROUTE}"


@every_framework
def test_a_failing_query_is_charged_once_to_the_client_that_knows_its_class(
    alice: MintedProject, framework: Framework
) -> None:
    mapper = replace(NO_TABLE, error_type="sqlalchemy.exc.ProgrammingError")
    below = [queried(NO_TABLE, "mapper", event=False), queried(NO_TABLE, "driver", event=True)]
    sent(alice.project, framework(replace(mapper, message=f"(psycopg) {NO_TABLE.message} [SQL: ...]"), below))

    [(operation, title)] = issues(alice.project)

    assert operation == "SELECT orders"
    assert ": UndefinedTable: " in title


@every_framework
def test_a_request_that_is_refused_is_charged_to_the_client(
    alice: MintedProject, framework: Framework
) -> None:
    sent(alice.project, framework(REFUSED, [asked(raised=REFUSED)]))

    [(operation, title)] = issues(alice.project)

    assert operation == "GET stock.internal"
    assert REFUSED.message in title


@every_framework
def test_a_request_that_was_answered_with_an_error_is_charged_where_the_failure_has_words(
    alice: MintedProject, framework: Framework
) -> None:
    sent(alice.project, framework(ANSWERED, [asked(503)]))

    [(operation, title)] = issues(alice.project)

    assert ANSWERED.message in title or (operation, title) == (
        "GET stock.internal",
        "GET stock.internal: 503 Service Unavailable",
    )


@every_framework
def test_a_request_that_goes_well_is_no_issue(alice: MintedProject, framework: Framework) -> None:
    healthy = [
        replace(shape, status=shape.status and 200, failed=False, event=None, text="", attributes={})
        for shape in framework(BUG, [asked(200), queried(NO_TABLE, "driver", event=True)])
    ]
    sent(alice.project, healthy)

    assert issues(alice.project) == []


@every_framework
def test_an_exception_that_was_handled_is_no_issue(alice: MintedProject, framework: Framework) -> None:
    handled = [
        replace(shape, status=shape.status and 200, failed=False, text="", scope="framework", attributes={})
        for shape in framework(BUG, [])
    ]
    sent(alice.project, handled)

    assert issues(alice.project) == []


def test_the_charge_does_not_depend_on_the_order_in_which_spans_arrive(make_project: Any) -> None:
    shapes = [server(ANSWERED), asked(503), send(), queried(NO_TABLE, "driver", event=True)]
    found = []
    for order in permutations(shapes):
        project = make_project("orders").project
        for shape in order:
            sent(project, [shape])
        found.append(sorted(issues(project)))

    assert all(each == found[0] for each in found)
    assert [operation for operation, _ in found[0]] == ["SELECT orders"]


def test_a_failure_that_no_other_span_of_the_service_shows_stays_with_its_client(
    alice: MintedProject,
) -> None:
    sent(alice.project, [server(status=502), asked(402), send(502)])

    assert issues(alice.project) == [("GET stock.internal", "GET stock.internal: 402 Payment Required")]


def test_a_server_that_only_answers_stays_the_cause_of_its_callers_exception(alice: MintedProject) -> None:
    caller = [server(ANSWERED), asked(503)]
    callee = replace(server(status=503), id="callee", name="GET /stock", parent="GET")
    sent(alice.project, caller)
    at = NOW - minutes(5)
    store(alice.project, [callee.as_sent("one", at)], NOW, {"service.name": "stock"})

    [(operation, _)] = issues(alice.project)

    assert operation == f"GET {ROUTE}"
    with bind(alice.project):
        [issue] = read_findings(Window.ending(NOW, 60)).issues
    assert issue.example.service == "stock"


def test_two_failures_of_one_request_stay_two(alice: MintedProject) -> None:
    other = replace(asked(raised=Raised("httpx.ReadTimeout", "the price took too long")), id="price")
    sent(alice.project, [server(status=500), asked(raised=REFUSED), other, send()])

    assert len(issues(alice.project)) == 2


def test_projects_of_earlier_versions_are_charged_as_they_were(make_project: Any) -> None:
    project = make_project("orders", fingerprint_version=2).project
    sent(project, FRAMEWORKS["ASGI"](BUG, []))

    assert [operation for operation, _ in issues(project)] == [f"GET {ROUTE} http send"]


def test_a_switch_to_the_new_version_charges_what_is_stored_by_it(make_project: Any) -> None:
    project = make_project("orders", fingerprint_version=2).project
    sent(project, FRAMEWORKS["ASGI"](BUG, []))

    with bind(project), atomic():
        regrouping.rewrite(regrouping.after(regrouping.START, 100), NEWEST)

    assert [operation for operation, _ in issues(project)] == [f"GET {ROUTE}"]


@pytest.mark.parametrize("name", ["Express", "Nest", "Spring MVC", "WebFlux", "Rails"])
def test_the_code_of_a_failing_query_is_that_of_the_handler_around_it(
    alice: MintedProject, name: str
) -> None:
    sent(alice.project, FRAMEWORKS[name](NO_TABLE, [queried(NO_TABLE, "driver", event=False)]))

    [issue] = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 60), NOW))["issues"]

    assert issue["operation"] == "SELECT orders"
    assert (issue["code_location"]["file"], issue["code_location"]["line"]) == ("/app/shop/orders.py", 7)


def test_the_code_of_another_service_is_not_that_of_the_failure(alice: MintedProject) -> None:
    sent(alice.project, [server(ANSWERED), asked(503)])
    callee = replace(server(status=503), id="callee", name="GET /stock", parent="GET")
    store(alice.project, [callee.as_sent("one", NOW - minutes(5))], NOW, {"service.name": "stock"})

    [issue] = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 60), NOW))["issues"]

    assert (issue["service"], issue["code_location"]) == ("stock", None)
