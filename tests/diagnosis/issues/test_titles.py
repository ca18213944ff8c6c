"""Titles name the cause once and shortly, in messages of any client: recorded ones, and these like others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.issues.findings import read_findings
from diagnosis.issues.issue import title_of
from diagnosis.issues.titles.title import TITLE_LENGTH, title
from diagnosis.issues.titles.unlike import distinct_titles
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.diagnosis import recorded_titles
from tests.diagnosis.failing_records import failing
from tests.telemetry.factory import key_values, minutes, span, store

LONG = "a" * 90
SHORTENED = {  # (operation, class, message): title
    # A class once, without its module.
    (
        "job",
        "ActiveRecord::RecordNotFound",
        "ActiveRecord::RecordNotFound: no order 7",
    ): "job: RecordNotFound: no order 7",
    (
        "chat x",
        "litellm.exceptions.RateLimitError",
        "litellm.RateLimitError: RateLimitError: quota is used up",
    ): ("chat x: RateLimitError: quota is used up"),
    ("tool t", "TimeoutError", "TimeoutError:"): "tool t: TimeoutError",
    ("tool t", "tool_error", "Error: the carrier is closed"): "tool t: the carrier is closed",
    (
        "php",
        "App\\OutOfStock",
        "App\\OutOfStock: sku 9 in /srv/Cart.php:40 Stack trace: #0 /srv/i.php(3): main()",
    ): ("php: OutOfStock: sku 9"),
    ("elixir", "DBConnection.ConnectionError", "** (DBConnection.ConnectionError) dropped from queue"): (
        "elixir: ConnectionError: dropped from queue"
    ),
    # Advice at the end names nothing, but what it lists does.
    (
        "chat x",
        "RateLimitError",
        "Limit is 3, used 3. Please try again in 20s. If you need more, write to us.",
    ): ("chat x: RateLimitError: Limit is 3, used 3."),
    ("tool t", "ReadError", "No such file. Note: your working directory is /srv/v1.2/x."): (
        "tool t: ReadError: No such file."
    ),
    ("tool t", "InputError", "Input is wrong. Please fix these: id is required"): (
        "tool t: InputError: Input is wrong. Please fix these: id is required"
    ),
    ("tool t", "InputError", "Please enter a date."): "tool t: InputError: Please enter a date.",
    # A status has its reason phrase where nothing else is said, or no class.
    ("GET /x", "429", "HTTP 429"): "GET /x: 429 Too Many Requests",
    ("GET /x", "404", "Not Found"): "GET /x: 404 Not Found",
    ("chat c", "", '503 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'): (
        "chat c: 503 Service Unavailable: Overloaded"
    ),
    (
        "chat g",
        "GenAIError",
        "Error fetching from https://api.test/v1: [503 Service Unavailable] The model is overloaded.",
    ): ("chat g: GenAIError: The model is overloaded."),
    # An object stands for its error text, also one that was cut.
    (
        "chat c",
        "anthropic.BadRequestError",
        "Error code: 400 - {'error': {'type': 'x', 'message': 'too long: 9 > 8'}}",
    ): ("chat c: BadRequestError: too long: 9 > 8"),
    ("chat m", "SDKError", 'Status 422 {"object":"error","message":{"detail":[{"msg":"Field required"}]}}'): (
        "chat m: SDKError: Field required"
    ),
    (
        "GET /a",
        "HttpClientErrorException$NotFound",
        '404 Not Found: "{"status":404,"error":"Not Found","message":"no stock',
    ): ("GET /a: HttpClientErrorException$NotFound: no stock"),
    (
        "pay",
        "Declined",
        'carrier refused: {"message": "no such zone"}',
    ): "pay: Declined: carrier refused: no such zone",
    (
        "rpc",
        "grpc._channel._InactiveRpcError",
        '<_InactiveRpcError of RPC that: status = X details = "no address">',
    ): ("rpc: _InactiveRpcError: no address"),
    # Classes of a framework and printed objects are left out, so that the cause comes in.
    (
        "chat a",
        "af.ChatClientException",
        f"(\"<class '{LONG}.Client'> service failed: Error code: 429 - {{'error': {{'message': 'slow down'",
    ): ("chat a: ChatClientException: slow down"),
    (
        "GET h",
        "requests.ConnectionError",
        "Pool(host='h', port=1): Max retries (Caused by NewError(\"Conn(host='h'): refused\"))",
    ): ("GET h: ConnectionError: refused"),
    ("db", "NotStored", "no statement ran; nested exception is org.x.Violation: no statement ran"): (
        "db: NotStored: org.x.Violation: no statement ran"
    ),
    # Stacks, pointers and ids for support name nothing.
    (
        "GET /x",
        "System.NullReferenceException",
        "No object. at Shop.Cart.Total(Int32 id) in /src/Cart.cs:line 12",
    ): ("GET /x: NullReferenceException: No object."),
    (
        "tool t",
        "",
        "no order 7 OrderLost: no order 7 at find (file:///srv/a.mjs:5:1) at run (node:internal/x:1:1)",
    ): ("tool t: OrderLost: no order 7"),
    (
        "chat o",
        "RateLimitError",
        "Quota is used up. For more information read the docs: https://o.test/errors.",
    ): ("chat o: RateLimitError: Quota is used up."),
    (
        "chat o",
        "_Exhausted",
        "On how to mitigate this, please refer to: https://a.test/#429 429 GONE. {'error': {'message': 'slow'}}",
    ): ("chat o: _Exhausted: slow"),
    ("cli", "", "error: unknown option --x. For help see 'tool --help'."): "cli: unknown option --x.",
    (
        "chat o",
        "AI_APICallError",
        "It broke. (include the request ID req_1 in your message)",
    ): "chat o: AI_APICallError: It broke.",
    (
        "db",
        "sqlalchemy.exc.OperationalError",
        "(psycopg2.OperationalError) refused [SQL: SELECT 1] (Background at: https://s.test/e3q8)",
    ): ("db: OperationalError: refused"),
    # Operations.
    ("tool refund.__call__", "Refused", "Refused: limit is 50"): "tool refund: Refused: limit is 50",
    ("agent support.run", "Refused", ""): "agent support: Refused",
    ("Turn {turn} for agent a", "Refused", ""): "Turn for agent a: Refused",
}

WHOLE = (  # what resembles the above and is no such thing
    ("GET /orders/{id}", "KeyError", "'a: b'"),
    ("tool jobs.run", "ValueError", "404 orders were skipped"),
    ("tool t", "ValueError", "see the order: it has no lines"),
    ("tool t", "ValueError", "expected { after if"),
    ("GET /x", "NoRoute", "nothing serves /orders/{order_id}/lines"),
    ("tool t", "url.Error", "Post https://a.test/charges: deadline exceeded"),
    ("tool t", "ReadError", "the file at /srv/orders.csv: no such line"),
    ("chat o", "Declined", "policy 7 at Visa: For amounts over 50 ask a person"),
)


@pytest.mark.parametrize("failure", SHORTENED, ids=str)
def test_a_title_has_the_part_that_names_the_cause(failure: tuple[str, str, str]) -> None:
    assert title(*failure) == SHORTENED[failure]


@pytest.mark.parametrize("failure", WHOLE, ids=str)
def test_a_message_without_such_parts_is_shown_whole(failure: tuple[str, str, str]) -> None:
    assert title(*failure) == ": ".join(failure)


def test_the_titles_of_all_recordings_are_those_that_somebody_read() -> None:
    kept = recorded_titles.FILE.read_text()

    assert recorded_titles.document() == kept, (
        "Read tests/diagnosis/recorded_titles.py: it says how to go on."
    )


def test_no_two_issues_of_a_recording_have_one_title() -> None:
    rows = recorded_titles.FILE.read_text().splitlines()
    client, seen = "", set()
    for row in rows:
        client = client if row.startswith("  ") else row
        assert (client, row) not in seen
        seen.add((client, row))


@given(
    st.text(),
    st.text(),
    st.text() | st.lists(st.sampled_from(list("{}\"':\\ at(<>Error429")), max_size=99).map("".join),
)
def test_any_text_has_a_title_of_bounded_length(operation: str, error_type: str, message: str) -> None:
    assert len(title(operation, error_type, message)) <= TITLE_LENGTH


def test_the_sentence_of_a_rule_over_windows_stays_whole() -> None:
    sentence = "no longer calls GET {'error': 'x'}: 9 of 9 traces lack the call, before 0 of 9"
    found = FailingRecord(
        b"t", b"s", None, 1, "shop", "POST /pay", "", "", "", "", "missing_call", "high", "", sentence, 1
    )

    assert title_of(found) == f"POST /pay: {sentence}"


def test_an_escape_for_a_character_that_nobody_sees_stays_an_escape() -> None:
    assert title("chat", "E", '{"message": "a\\u202eb \\u00fc"}') == "chat: E: a\\u202eb ü"


def told_apart(*facts: dict[str, object]) -> list[str]:
    """The titles of issues with records of these facts."""
    examples = [failing("one", **{"fingerprint": number, **fact}) for number, fact in enumerate(facts)]
    return distinct_titles([title_of(example) for example in examples], examples)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([{"service": "shop"}, {"service": "bank"}], ["(shop)", "(bank)"]),
        ([{"error_type": "a.Gone"}, {"error_type": "b.Gone"}], ["(a.Gone)", "(b.Gone)"]),
        (
            [{"message": f"{'the stock has ' * 30}{rest}"} for rest in ("no room", "no lock")],
            ["(…room)", "(…lock)"],
        ),
        ([{"service": "shop"}, {"service": "bank"}, {"service": "shop"}], ["(clu_", "(clu_", "(clu_"]),
    ],
)
def test_issues_with_one_title_are_told_apart(facts: list[dict[str, object]], expected: list[str]) -> None:
    titles = told_apart(*facts)

    assert len(set(titles)) == len(titles)
    assert all(note in title for note, title in zip(expected, titles, strict=True))
    assert all(len(title) <= TITLE_LENGTH for title in titles)


def test_a_title_that_no_other_issue_has_stays_as_it_is() -> None:
    facts = [{"message": "no order"}, {"message": "no room"}]

    assert told_apart(*facts) == [
        "tool lookup_order: OrderNotFound: no order",
        "tool lookup_order: OrderNotFound: no room",
    ]


SOME = st.fixed_dictionaries(
    {
        "service": st.sampled_from("ab"),
        "message": st.sampled_from(["x" * 300, "x " * 200, "y"]),
        "error_type": st.just(""),
    }
)


@given(st.lists(SOME, min_size=1, max_size=8))
def test_no_two_issues_of_a_window_have_one_title(facts: list[dict[str, object]]) -> None:
    titles = told_apart(*facts)

    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) <= TITLE_LENGTH


def test_issues_of_a_window_with_one_text_from_two_places_have_two_titles(alice: MintedProject) -> None:
    """One class and text, raised in two functions: two issues, whose titles a person can tell apart."""
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    stacks = [
        f"Traceback (most recent call last):\n  File \"/srv/shop/{name}.py\", line 3, in {name}\nKeyError: 'id'\n"
        for name in ("price", "stock")
    ]
    raised = {"exception.type": "KeyError", "exception.message": "'id'"}
    spans = [
        span(
            trace=number,
            at=now - minutes(5),
            error="KeyError: 'id'",
            events=[
                {"name": "exception", "attributes": key_values(raised | {"exception.stacktrace": stack})}
            ],
        )
        for number, stack in enumerate(stacks)
    ]
    store(alice.project, spans, now)

    with bind(alice.project):
        titles = [issue.title for issue in read_findings(Window.ending(now, 60)).issues]

    assert len(titles) == len(set(titles)) == 2
