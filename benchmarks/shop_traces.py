"""
The load of the diagnosis benchmark: traces of a shop with an assistant, of 1 to 8 spans, over five services.

A chat runs from the gateway through the agent to a model, a tool, and the service and database behind the tool; jobs
and page views are short. Sessions have several chats, users come again. 200 kinds of failure, some frequent and most
rare; what fails inside a call makes half of the calls around it fail, too, as instrumentations record it. Ids and
numbers are shaped so that fresh_bodies.py can replace them in place.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from benchmarks.agent_traces import add, digits, messages
from benchmarks.fresh_bodies import BUILT_AT
from benchmarks.vocabulary import WORDS, text

GATEWAY, ASSISTANT = "gateway", "assistant"
BEHIND = ("orders", "payments", "catalog")
TOOLS = tuple(
    f"{verb}_{noun}" for verb in ("find", "change", "cancel", "list") for noun in ("order", "refund", "item")
)
MODELS = ("gpt-4o-mini", "gpt-4o")
SPANS = 512  # a request
CHATS, VIEWS = 0.75, 0.15  # of the traces; the rest are jobs
MEAN_SPANS = 8 * CHATS + 2 * VIEWS + (1 - CHATS - VIEWS)  # of a trace
KINDS, USERS, CHATS_A_SESSION = 200, 5000, 4
FAILED_A_CAUSE = 1.9  # spans, with the ones around it, on average: measured
REGIONS = ("eu-west-1", "eu-north-1", "us-east-1")
SERVER, CLIENT, INTERNAL = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_INTERNAL
Placed = tuple[str, Span]  # a span and its service


@dataclass(frozen=True, slots=True)
class Kind:
    """One cause of failure: where it happens, and what it says; {id} stands for eight digits."""

    place: str  # "db", "tool" or "model"
    tool: str
    error_type: str
    message: str
    function: str


@lru_cache
def kinds() -> tuple[tuple[Kind, ...], tuple[float, ...]]:
    """All kinds, and the sums of their weights: by Zipf's law, but for the most frequent."""
    chance = random.Random("kinds of failure of the shop")
    found = []
    for number in range(KINDS):
        place = ("db", "tool", "tool", "model")[number % 4] if number < 24 else ("db", "tool")[number % 2]
        words = chance.sample(WORDS[200:], 5)
        message = f"{' '.join(words[:3])} of A-{{id}} {' '.join(words[3:])} after {{n}} ms"
        name = "".join(word.capitalize() for word in words[3:])
        tool = TOOLS[number // 2 % len(TOOLS)]
        found.append(Kind(place, tool, f"shop.{name}Error", message, f"{words[0]}_{words[1]}"))
    return tuple(found), tuple(accumulate(1 / (rank + 10) for rank in range(KINDS)))


def causes(chance: random.Random, number: int) -> Iterator[Kind]:
    """What fails next, without end: each of so many kinds once, then the frequent ones more often."""
    known, weights = kinds()
    yield from chance.sample(known[:number], number)
    while True:
        yield chance.choices(known[:number], cum_weights=weights[:number])[0]


class Shop:
    """An endless stream of traces; `failing` is the share of their spans that fail."""

    def __init__(self, chance: random.Random, failing: float, causes: Iterator[Kind]) -> None:
        self.chance = chance
        self.failing = failing
        self.causes = causes
        self.sessions: list[tuple[str, str, int]] = []  # id, user, chats left

    def traces(self, times: Sequence[int]) -> Iterator[list[Placed]]:
        """New traces that begin at these times, in nanoseconds."""
        for began in times:
            kind = self.chance.random()
            if kind < CHATS:
                yield self.chat(began)
            else:
                yield self.view(began) if kind < CHATS + VIEWS else self.job(began)

    def session(self) -> tuple[str, str]:
        """The id and user of a session that goes on, or of a new one."""
        if len(self.sessions) < 8:
            user = f"u{self.chance.randrange(USERS)}"
            self.sessions.append((f"chat-{digits(self.chance)}", user, CHATS_A_SESSION))
        place = self.chance.randrange(len(self.sessions))
        name, user, left = self.sessions.pop(place)
        if left > 1:
            self.sessions.append((name, user, left - 1))
        return name, user

    def chat(self, start: int) -> list[Placed]:
        """Gateway, agent, model, tool, the service behind it and its database, and the model again."""
        session, user = self.session()
        kind = self.failure()
        tool = kind.tool if kind else self.chance.choice(TOOLS)
        behind = BEHIND[TOOLS.index(tool) % len(BEHIND)]
        clock = Clock(self.chance, start)
        gateway = span(self.chance, None, "POST /chat", SERVER, clock, 9)
        add(gateway, {"http.request.method": "POST", "http.route": "/chat", "session.id": session})
        agent = span(self.chance, gateway, "invoke_agent support", INTERNAL, clock, 8)
        add(agent, {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"})
        add(agent, {"gen_ai.conversation.id": session, "user.id": user})
        asked = self.model_call(agent, clock, session)
        called = span(self.chance, agent, f"execute_tool {tool}", INTERNAL, clock, 3)
        self.describe_tool(called, tool)
        client = span(self.chance, called, "POST", CLIENT, clock, 2)
        add(client, {"http.request.method": "POST", "server.address": f"{behind}.internal"})
        server = span(self.chance, client, f"POST /{behind}/{{id}}", SERVER, clock, 1)
        add(server, {"http.request.method": "POST", "http.route": f"/{behind}/{{id}}"})
        query = span(self.chance, server, f"SELECT {behind}", CLIENT, clock, 0)
        add(query, {"db.system.name": "postgresql", "db.namespace": "shop", "db.operation.name": "SELECT"})
        add(query, {"db.collection.name": behind, "app.row": digits(self.chance)})
        answer = self.model_call(agent, clock, session)
        for one in (called, agent, gateway):
            one.end_time_unix_nano = answer.end_time_unix_nano + self.chance.randrange(10**6)
        chain = {
            "db": [query, server, client, called, agent, gateway],
            "tool": [called, agent, gateway],
            "model": [asked, agent, gateway],
        }
        if kind:
            self.fail(kind, chain[kind.place])
        own = [(GATEWAY, gateway), *((ASSISTANT, one) for one in (agent, asked, called, client))]
        return [*own, (behind, server), (behind, query), (ASSISTANT, answer)]

    def view(self, start: int) -> list[Placed]:
        """A page without a session."""
        clock = Clock(self.chance, start)
        page = span(self.chance, None, "GET /items/{id}", SERVER, clock, 2)
        add(
            page, {"http.request.method": "GET", "http.route": "/items/{id}", "app.item": digits(self.chance)}
        )
        query = span(self.chance, page, "SELECT catalog", CLIENT, clock, 0)
        add(
            query,
            {"db.system.name": "postgresql", "db.operation.name": "SELECT", "db.collection.name": "catalog"},
        )
        return [(GATEWAY, page), ("catalog", query)]

    def job(self, start: int) -> list[Placed]:
        """A job of one span."""
        work = span(self.chance, None, "job sync_stock", INTERNAL, Clock(self.chance, start), 3)
        add(work, {"app.batch": digits(self.chance), "app.region": self.chance.choice(REGIONS)})
        return [("catalog", work)]

    def model_call(self, agent: Span, clock: Clock, session: str) -> Span:
        """A chat with half a kilobyte of text."""
        model = self.chance.choice(MODELS)
        call = span(self.chance, agent, f"chat {model}", CLIENT, clock, 5)
        add(call, {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai"})
        add(call, {"gen_ai.request.model": model, "gen_ai.conversation.id": session})
        add(call, {"gen_ai.input.messages": messages("user", text(self.chance, 300))})
        add(call, {"gen_ai.output.messages": messages("assistant", text(self.chance, 150))})
        add(call, {"gen_ai.usage.input_tokens": self.chance.randrange(200, 4000)})
        add(call, {"gen_ai.usage.output_tokens": self.chance.randrange(20, 500)})
        return call

    def describe_tool(self, called: Span, tool: str) -> None:
        """What a tool call records."""
        order = f"A-{digits(self.chance)}"
        add(called, {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool})
        add(called, {"gen_ai.tool.call.arguments": f'{{"order_id":"{order}"}}'})
        add(called, {"gen_ai.tool.call.result": f'{{"order_id":"{order}","state":"shipped"}}'})
        add(called, {"app.region": self.chance.choice(REGIONS)})

    def failure(self) -> Kind | None:
        """How a chat fails, if it does."""
        if self.chance.random() >= self.failing * MEAN_SPANS / CHATS / FAILED_A_CAUSE:
            return None
        return next(self.causes)

    def fail(self, kind: Kind, chain: list[Span]) -> None:
        """The innermost span with its exception; each around it may say that what it called failed."""
        cause, *around = chain
        message = kind.message.replace("{id}", digits(self.chance)).replace(
            "{n}", str(self.chance.randrange(5000))
        )
        cause.status.code, cause.status.message = Status.STATUS_CODE_ERROR, message
        add(cause, {"error.type": kind.error_type})
        event = cause.events.add(name="exception", time_unix_nano=cause.end_time_unix_nano)
        facts = {"type": kind.error_type, "message": message, "stacktrace": stack(kind, message)}
        for name, fact in facts.items():
            event.attributes.add(key=f"exception.{name}").value.string_value = fact
        for outer in around:
            if self.chance.random() < 0.5:
                return
            outer.status.code, outer.status.message = Status.STATUS_CODE_ERROR, "what it called failed"


STACK = """Traceback (most recent call last):
  File "/srv/shop/handlers.py", line 71, in handle
    return step(request)
  File "/srv/shop/{place}.py", line 41, in {function}
    return run(arguments)
{error_type}: {message}
"""


def stack(kind: Kind, message: str) -> str:
    """The stack trace that Python would show."""
    return STACK.format(place=kind.place, function=kind.function, error_type=kind.error_type, message=message)


class Clock:
    """Gives each span of a trace its time: children start a little later and take less."""

    def __init__(self, chance: random.Random, start: int) -> None:
        self.chance = chance
        self.now = start

    def times(self, depth: int) -> tuple[int, int]:
        """Start and end of the next span; 0 is about a millisecond, each step twice as long."""
        self.now += self.chance.randrange(50_000, 500_000)
        return self.now, self.now + int(self.chance.lognormvariate(13.8 + 0.7 * depth, 0.4))


def span(
    chance: random.Random,
    parent: Span | None,
    name: str,
    kind: Span.SpanKind.ValueType,
    clock: Clock,
    depth: int,
) -> Span:
    """A span with ids and times."""
    start, end = clock.times(depth)
    return Span(
        trace_id=parent.trace_id if parent else chance.randbytes(16),
        span_id=chance.randbytes(8),
        parent_span_id=parent.span_id if parent else b"",
        name=name,
        kind=kind,
        start_time_unix_nano=start,
        end_time_unix_nano=end,
    )


def request(placed: list[Placed]) -> ExportTraceServiceRequest:
    """These spans as a collector sends them: by service."""
    message = ExportTraceServiceRequest()
    for service in dict.fromkeys(service for service, _ in placed):
        group = message.resource_spans.add()
        facts = {
            "service.name": service,
            "service.version": "2.3.0",
            "deployment.environment.name": "production",
        }
        for key, value in (facts | {"host.name": f"{service}-7d4b9"}).items():
            group.resource.attributes.add(key=key).value.string_value = value
        scope = group.scope_spans.add()
        scope.scope.name, scope.scope.version = "opentelemetry.instrumentation.shop", "2.1b0"
        scope.spans.extend(span for its, span in placed if its == service)
    return message


def requests(
    chance: random.Random, failing: float, its: Iterator[Kind], number: int, stretch: int
) -> list[ExportTraceServiceRequest]:
    """That many requests of SPANS spans, spread over so many nanoseconds; a trace may lie in two of them."""
    most = SPANS * number  # traces, as each has a span
    step = stretch * MEAN_SPANS / most
    times = [BUILT_AT + int(step * (place + chance.random())) for place in range(most)]
    stream = (one for trace in Shop(chance, failing, its).traces(times) for one in trace)
    return [request(list(islice(stream, SPANS))) for _ in range(number)]
