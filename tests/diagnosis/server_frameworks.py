"""
One failing request as the OpenTelemetry instrumentations of web frameworks record it, with what may fail below it.

Sources, the instrumentations' own code: opentelemetry-python-contrib (asgi, fastapi, wsgi, flask, django, sqlalchemy,
dbapi, httpx), opentelemetry-js-contrib (express, nestjs-core, pg), fastify/otel, opentelemetry-dotnet-contrib
(AspNetCore, Http, SqlClient), opentelemetry-java-instrumentation (tomcat, spring-webmvc, netty, spring-webflux, jdbc),
opentelemetry-ruby-contrib (rack, action_pack, pg).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tests.telemetry.factory import key_values, minutes, span

INTERNAL, SERVER, CLIENT = 1, 2, 3
ROUTE = "/orders/{id}"
EXPRESS = "@opentelemetry/instrumentation-express"


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception: class, message, and the frame that raised it."""

    error_type: str
    message: str

    @property
    def event(self) -> dict[str, Any]:
        """The event that an SDK records."""
        stack = (
            f'Traceback (most recent call last):\n  File "/app/shop/orders.py", line 7, in find\n    find()\n'
            f"{self.error_type}: {self.message}\n"
        )
        facts = {"type": self.error_type, "message": self.message, "stacktrace": stack}
        return {
            "name": "exception",
            "timeUnixNano": "1",
            "attributes": key_values({f"exception.{name}": value for name, value in facts.items()}),
        }


@dataclass(frozen=True, slots=True)
class Shape:
    """A span of the request, "server" being that of the server."""

    id: str
    name: str
    parent: str = "server"
    kind: int = INTERNAL
    status: int = 0  # of HTTP
    text: str = ""  # of the span's status
    event: Raised | None = None
    failed: bool = True  # whether the span's status says so
    scope: str = "framework"
    attributes: dict[str, Any] = field(default_factory=dict)

    def as_sent(self, trace: str, at: datetime) -> dict[str, Any]:
        """The span in OTLP/JSON."""
        facts = dict(self.attributes)
        if self.status:
            facts |= {"http.response.status_code": self.status}
        sent = span(
            self.name, trace=trace, id=f"{trace} {self.id}", at=at, kind=self.kind, attributes=facts,
            parent=f"{trace} {self.parent}" if self.parent else None,
        )  # fmt: skip
        if self.failed:
            sent["status"] = {"code": 2, "message": self.text}
        return sent | ({"events": [self.event.event]} if self.event else {})


Below = Sequence[Shape]
Framework = Callable[[Raised, Below], list[Shape]]


def server(event: Raised | None = None, status: int = 500, text: str = "", **facts: Any) -> Shape:
    """The server's span."""
    about = {"http.request.method": "GET", "http.route": ROUTE, **facts}
    return Shape("server", f"GET {ROUTE}", "", SERVER, status, text, event, status >= 500, "server", about)


def send(status: int = 500) -> Shape:
    """ASGI's span of the message that starts the response."""
    about = {"asgi.event.type": "http.response.start", "error.type": str(status)}
    return Shape("send", f"GET {ROUTE} http send", status=status, attributes=about)


def inside(name: str, event: Raised, parent: str = "server", **facts: Any) -> Shape:
    """The span of a handler or a controller, which ends with the exception."""
    return Shape(name, name, parent, text=event.message, event=event, **facts)


def asgi(raised: Raised, below: Below) -> list[Shape]:
    """FastAPI, Starlette, Django: the server's span has the exception, and each message of the answer its own span."""
    return [server(raised, **{"error.type": "500"}), *below, send()]


def asgi_with_handler(raised: Raised, below: Below) -> list[Shape]:
    """The same where a handler of the application makes the answer, so that no span has the exception."""
    return [server(), *below, send()]


def fastify_mirror(raised: Raised, below: Below) -> list[Shape]:
    """Fastify's `request` inside the server's span of Node's HTTP, both with the status alone."""
    return [server(), Shape("request", "request", status=500, attributes={"http.route": ROUTE}), *below]


def fastify_hooks(raised: Raised, below: Below) -> list[Shape]:
    """Newer: `request` is a server's span with the exception, and the handler's span inside it has it, too."""
    about = {"http.request.method": "GET", "http.route": ROUTE}
    outer = Shape("request", "request", "server", SERVER, 500, raised.message, raised, attributes=about)
    handler = inside("handler - find", raised, "request")
    return [server(), outer, handler, *within("handler - find", below)]


def express(raised: Raised, below: Below) -> list[Shape]:
    """Express: the handler's span has the exception as an event and no status."""
    handler = inside(f"request handler - {ROUTE}", raised, failed=False, scope=EXPRESS)
    return [server(), handler, *within(handler.id, below)]


def nest(raised: Raised, below: Below) -> list[Shape]:
    """Nest: the controller's span and the handler's inside it."""
    handler = inside("find", raised, "OrdersController.find")
    return [server(), inside("OrdersController.find", raised), handler, *within("find", below)]


def recorded_on_server(raised: Raised, below: Below) -> list[Shape]:
    """Django and Flask under WSGI: the server's span has the exception."""
    return [server(raised, text=f"{raised.error_type}: {raised.message}"), *below]


def wsgi(raised: Raised, below: Below) -> list[Shape]:
    """Plain WSGI: the server's span has class and text, and no event."""
    return [server(text=raised.message, **{"error.type": raised.error_type}), *below]


def aspnet(raised: Raised, below: Below) -> list[Shape]:
    """ASP.NET Core: the server's span has the exception's class."""
    return [server(**{"error.type": raised.error_type}), *below]


def spring_mvc(raised: Raised, below: Below) -> list[Shape]:
    """Spring MVC on Tomcat: the server's span and the controller's have the exception."""
    return [server(raised), inside("OrderController.find", raised), *within("OrderController.find", below)]


def webflux(raised: Raised, below: Below) -> list[Shape]:
    """Spring WebFlux on Netty: the framework answers, so that only the controller's span has the exception."""
    return [server(), inside("OrderController.find", raised), *within("OrderController.find", below)]


def rails(raised: Raised, below: Below) -> list[Shape]:
    """Rails: the server's span has the exception."""
    return [server(raised, text=f"Unhandled exception of type: {raised.error_type}"), *below]


def within(parent: str, below: Below) -> list[Shape]:
    """What is below a handler, in place of the server."""
    return [replace(shape, parent=parent) for shape in below]


FRAMEWORKS: dict[str, Framework] = {
    "ASGI": asgi,
    "ASGI, handled": asgi_with_handler,
    "Fastify": fastify_mirror,
    "Fastify, newer": fastify_hooks,
    "Express": express,
    "Nest": nest,
    "Django, Flask": recorded_on_server,
    "WSGI": wsgi,
    "ASP.NET": aspnet,
    "Spring MVC": spring_mvc,
    "WebFlux": webflux,
    "Rails": rails,
}


def asked(status: int = 0, raised: Raised | None = None) -> Shape:
    """A request to another service, which was answered with the status or raised."""
    about = {"http.request.method": "GET", "server.address": "stock.internal"}
    kind = raised.error_type if raised else str(status)
    text = f"{raised.error_type}: {raised.message}" if raised else ""
    about["error.type"] = kind
    return Shape("GET", "GET", "server", CLIENT, status, text, raised, scope="http", attributes=about)


def queried(raised: Raised, scope: str, event: bool) -> Shape:
    """A query, which failed."""
    about = {"db.system.name": "postgresql", "db.query.text": "SELECT * FROM orders"}
    return Shape(
        f"SELECT by {scope}", "SELECT", "server", CLIENT, 0, raised.message, raised if event else None, scope=scope,
        attributes=about,
    )  # fmt: skip


def as_requests(shapes: Sequence[Shape], trace: str, at: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Each span with the scope that sent it, a millisecond after the other."""
    return [
        (shape.scope, shape.as_sent(trace, at + minutes(number / 60_000)))
        for number, shape in enumerate(shapes)
    ]
