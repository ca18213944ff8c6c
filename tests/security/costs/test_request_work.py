"""The work of scrubbing a request is bounded: honest ones never reach the bound, and behind it nothing leaks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.adversarial_texts.places import PLACES, SHAPES, honest_texts, repeated, request_of
from telemetry.otlp.decode import Encoding, parse_export_request
from telemetry.scrubbing import scrub as scrub_module
from telemetry.scrubbing import work
from telemetry.scrubbing.attributes import redacted_name
from telemetry.scrubbing.names import ENDINGS
from telemetry.scrubbing.scrub import scrub
from telemetry.scrubbing.texts import MARK
from tests import captures
from tests.security.costs.test_text_costs import number_of_calls
from tests.telemetry.scrubbing.made_up import ROWS, made_up
from tests.telemetry.scrubbing.sent import HIDDEN, RANDOM, sent, span_of

MARGIN = 3  # times as much work as the dearest honest request needs
SIZE = 60_000  # bytes of a hostile request
CALLS_A_STEP = 3  # at most
MOST_CALLS = 30  # of Python and of C for each text, however many a request has, beside its share
ENV = f"DATABASE_URL=postgres://shop:{HIDDEN}@db/shop\nSECRET_KEY={RANDOM}\nSMTP_PASS=a1b2c3d4\nPORT=8000\nDEBUG=1\n"
TALK = """You help users of a shop. If the access token has expired, ask for the password again and never repeat it: the
token, the API key and the secret stay with us. `max_tokens` is 1024, next_page_token is null, 512 tokens were used. Put
the key into .env, run `mysql -u root shop`, then curl https://shop.example.com/login?next=/cart&token_type=bearer and
look at "authorization", "cookie" and {"token": null, "tokenizer": "bpe", "secret_name": "shop"}. """
PROSE = next(honest_texts(1600))
LOG = (
    "2026-11-29T10:00:01Z INFO shop.api GET /orders/17?page=2 200 12ms user=17 items=3 region=eu-1 cache=miss\n"
    * 14
)
LOG += "2026-11-29T10:00:01Z WARN shop.login password=none token_type=bearer next_page_token=null 401 3ms\n"
CONFIG = json.dumps(
    {"name": "shop", "token": None, "auth": {"type": "bearer", "secret": HIDDEN}, "keys": ["a", "b"]}
)
WORD = {"token": "w", "logprob": -0.1, "bytes": [119]}
PROBABILITIES = json.dumps([WORD | {"top_logprobs": [WORD, WORD]} for _ in range(25)])
HONEST = {
    "talk": PROSE + TALK,
    "settings in a conversation": PROSE * 4 + TALK + ENV + PROSE * 4,
    "logs": LOG * 6 + f"GET /orders?access_token={RANDOM}\n" + LOG * 6,
    "configuration in a conversation": PROSE + CONFIG + PROSE,
    "JSON in JSON": json.dumps({"arguments": json.dumps({"body": CONFIG, "note": PROSE})}),
    "probabilities of tokens": PROSE * 2 + PROBABILITIES,
}


class Counted(work.Work):
    """Work without a bound, which says how much there was."""

    used = 0.0

    def __init__(self, size: int) -> None:
        """As if there were enough for all."""
        super().__init__(size)
        self.share = self.left

    def take(self, steps: int) -> None:
        """Count the steps, in parts of the share."""
        Counted.used += steps / self.share


@pytest.fixture(autouse=True)
def forget_names() -> Iterator[None]:
    """Names that were read with other bounds are not remembered for the tests that follow."""
    yield
    redacted_name.cache_clear()


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    """Counts the work of the next request, in parts of its share."""
    monkeypatch.setattr(scrub_module, "Work", Counted)
    monkeypatch.setattr(Counted, "used", 0.0)
    return Counted


def parsed(body: bytes, encoding: Encoding | None = Encoding.JSON) -> ExportTraceServiceRequest:
    """The request of a body."""
    assert encoding
    return parse_export_request(body, encoding)


@pytest.mark.parametrize("name", captures.NAMES)
def test_a_recorded_request_needs_little_of_its_work(name: str, used: type[Counted]) -> None:
    for recorded in captures.requests(name):
        message = parsed(recorded.plain, Encoding.of(recorded.headers["content-type"]))
        used.used = 0.0
        scrub(message, message.SerializeToString())
        assert used.used < 1 / MARGIN


@pytest.mark.parametrize("spans", [1, 10, 100])
@pytest.mark.parametrize("kind", HONEST)
def test_texts_about_secrets_are_read_to_their_end(kind: str, spans: int, used: type[Counted]) -> None:
    message = parsed(request_of([HONEST[kind]] * spans, "attribute", len(HONEST[kind]) * spans))

    scrub(message, message.SerializeToString())

    assert 0 < used.used < 1


def holders() -> Iterator[tuple[str, ExportTraceServiceRequest]]:
    """Secrets, and requests with each of them at some place."""
    for row in ROWS[::7]:
        secret = made_up(*row)
        yield (
            secret,
            sent({"note": f"it is {secret} here", "deep": {"list": ["--key", secret]}}, name=f"a {secret}"),
        )
    for ending in sorted(ENDINGS):
        name = f"main.{ending.replace(' ', '_')}"
        yield HIDDEN, sent({name: HIDDEN, "outer": {name: [HIDDEN, 7]}, "text": f'{{"{name}": "{HIDDEN}"}}'})
        yield (
            HIDDEN,
            sent({"command": ["run", f"--{name.replace('.', '-')}", HIDDEN]}, resource={name: HIDDEN}),
        )
    headers = {"http.request.headers": {"x-tenant": HIDDEN, "accept": "*/*"}, f"password={RANDOM}": "1"}
    yield HIDDEN, sent(headers)
    yield (
        RANDOM,
        sent(headers, status={"code": 2, "message": f"password={RANDOM}"}, traceState=f"token={RANDOM}"),
    )
    event = {
        "name": f"token={RANDOM}",
        "attributes": [{"key": "password", "value": {"bytesValue": "aHVudGVyLXR3bw=="}}],
    }
    for secret in (HIDDEN, RANDOM):
        yield secret, sent(events=[event], links=[{"traceId": "ab" * 16, "spanId": "cd" * 8, **event}])


@pytest.mark.parametrize("steps", [-1, 60, 150, 400, 1000])
def test_no_secret_is_let_through_where_the_work_is_spent(
    steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "BASE", steps)
    monkeypatch.setattr(work, "STEPS_A_KB", 0)

    for secret, message in holders():
        assert secret.encode() in message.SerializeToString()
        scrub(message, message.SerializeToString())
        assert secret.encode() not in message.SerializeToString(), message


def test_what_is_not_suspect_stays_where_the_work_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "BASE", -1)
    monkeypatch.setattr(work, "STEPS_A_KB", 0)
    message = sent({"note": "all is well", "password": HIDDEN, "number": 7}, name="GET /orders")

    assert scrub(message, message.SerializeToString()) == {"redacted_value": 1}
    span = span_of(message)
    assert span.name == "GET /orders"
    assert [pair.value.string_value or pair.value.int_value for pair in span.attributes] == [
        "all is well",
        MARK,
        7,
    ]


@pytest.mark.parametrize("place", ["attribute", "short values", "short names", "long names", "list", "name"])
def test_hostile_texts_cause_no_more_than_the_share_of_their_request(place: str) -> None:
    length = PLACES[place][0]
    for beginning, part in SHAPES[::3]:
        body = request_of(
            (f"{repeated(beginning, part, length - 4)}{number:4d}" for number in range(10**6)), place, SIZE
        )
        texts = 2 * body.count(b'"stringValue"') + body.count(b'"spanId"')

        assert calls_of_all(body) < CALLS_A_STEP * work.Work(len(body)).left + MOST_CALLS * texts, part


def calls_of_all(body: bytes) -> int:
    """The functions that are called to parse and to scrub the body."""

    def work_on() -> None:
        message = parsed(body)
        scrub(message, message.SerializeToString())

    return number_of_calls(work_on)
