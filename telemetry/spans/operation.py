"""
A span's operation: the name of its work, with few distinct values, without ids and users' texts.

https://opentelemetry.io/docs/specs/otel/trace/api/#span, https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name
https://opentelemetry.io/docs/specs/semconv/database/database-spans/#name
https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/#span-name
https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#span-name
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

from telemetry.spans.attribute_lookup import first_text
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

MAX_LENGTH = 200
REMEMBERED = 2048  # names in a cache; real traffic repeats a few hundred
SERVER, CLIENT = 2, 3  # span kinds
METHOD = ("http.request.method", "http.method")
HOST = ("server.address", "net.peer.name", "http.host", "peer.service")
URL = ("url.full", "http.url")
DATABASE = ("db.system.name", "db.system")
RPC_METHOD = ("rpc.method",)
MESSAGING = ("messaging.system",)
PLAIN = frozenset({*METHOD, *DATABASE, *RPC_METHOD, *MESSAGING})  # each rule of PLAIN_WORK needs one of these
MESSAGING_VERB = ("messaging.operation.name", "messaging.operation.type", "messaging.operation")
DESTINATION = ("messaging.destination.template", "messaging.destination.name", "messaging.destination")
UNNAMED_DESTINATION = ("messaging.destination.temporary", "messaging.destination.anonymous")
VERB = ("gen_ai.operation.name", "llm.request.type")
NO_VERBS = frozenset({"llm_call"})  # those that say no more than the unit of work: Gemini CLI's
TEMPLATE, FIELD = "logfire.msg_template", re.compile(r"\{([\w.]+)(?:![a-z])?(?::[^{}]*)?\}")
SQL = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+[\"`\[]?([\w.]+)", re.I)
MODEL_DATE = re.compile(r"[-@]\d{4}-?\d{2}-?\d{2}$")
IDS = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{14,}"  # uuid
    r"|(?<![A-Za-z0-9])(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}(?![A-Za-z0-9])"  # hex id
    r"|(?<![A-Za-z0-9])\d+(?:\.\d+)*(?![A-Za-z0-9])"  # number
    r"|(?<![A-Za-z0-9])[A-Za-z]+\d{4,}\w*"  # letters with a long number: SKU10482
)

NamingRule = Callable[[Span, Meaning], str]


def operation(span: Span, meaning: Meaning) -> str:
    """The name of what ran, for counting and comparing: `tool lookup_order`, `chat gpt-4o-mini`, `GET /orders/:id`."""
    for rule in AGENT_WORK.get(meaning.unit, NO_RULES):
        if name := rule(span, meaning):
            return short(name)
    if not PLAIN.isdisjoint(span.attributes):
        for rule in PLAIN_WORK:
            if name := rule(span, meaning):
                return short(name)
    name = filled_template(span) if "{" in span.name else span.name
    return short(masked(name) or "unnamed")


def filled_template(span: Span) -> str:
    """
    The span's name, of a client that names spans by templates: with names and numbers in the place of `{agent}`.

    Other values, such as users' texts, are left out, so that there are few distinct names.
    https://logfire.pydantic.dev/docs/guides/onboarding-checklist/add-manual-tracing/#messages-and-span-names
    """
    if TEMPLATE not in span.attributes:
        return span.name
    return FIELD.sub(lambda match: value_of_field(span, match[1]) or match[0], span.name[:MAX_LENGTH])


def value_of_field(span: Span, field: str) -> str:
    """The value of a template's field that is a name or a number; "" for others."""
    value = span.attributes.get(field)
    if isinstance(value, int):
        return str(int(value))
    is_name = isinstance(value, str) and field.endswith("name")
    return str(value) if is_name else ""


def short(name: str) -> str:
    """The name as every database can hold and index it: at most MAX_LENGTH characters, none of them NUL."""
    return name.replace("\x00", "")[:MAX_LENGTH]


def tool_call(span: Span, meaning: Meaning) -> str:
    """The name of a tool call, such as `tool lookup_order`; "" if the span does not name the tool."""
    return f"tool {meaning.tool}" if meaning.tool else ""


def model_call(span: Span, meaning: Meaning) -> str:
    """
    The name of a model call, such as `chat gpt-4o-mini`.

    The model's release date is left out: spans of answered calls state it, spans of failed calls do not.
    """
    verb = first_text(span.attributes, VERB)
    if not verb or verb in NO_VERBS:
        verb = "embeddings" if meaning.is_embedding else "chat"
    return f"{verb} {undated(meaning.model[:MAX_LENGTH])}".strip()


@lru_cache(maxsize=REMEMBERED)
def undated(model: str) -> str:
    """The model's name without its release date."""
    return MODEL_DATE.sub("", model)


def agent_run(span: Span, meaning: Meaning) -> str:
    """The name of an agent's whole run, such as `agent support_agent`; "" for a step of it."""
    return f"agent {masked(meaning.agent)}" if meaning.is_agent_run and meaning.agent else ""


def component(span: Span, meaning: Meaning) -> str:
    """
    The name of a component's run, such as `haystack.component.run retriever`; "" for other spans.

    The component is part of it because Haystack gives all components one span name.
    """
    return f"{span.name} {masked(meaning.component)}" if meaning.component else ""


def http_server(span: Span, meaning: Meaning) -> str:
    """The name of a request that was served, such as `GET /orders/:id`; "" without a route, since a path holds ids."""
    method = first_text(span.attributes, METHOD) if span.kind == SERVER else ""
    route = first_text(span.attributes, ("http.route",)) if method else ""
    return f"{known_method(method)} {route}" if route else ""


def http_client(span: Span, meaning: Meaning) -> str:
    """The name of a request to a server, such as `GET api.example.test`, with the path's template if there is one."""
    method = first_text(span.attributes, METHOD) if span.kind == CLIENT else ""
    host = (first_text(span.attributes, HOST) or host_of(first_text(span.attributes, URL))) if method else ""
    return f"{known_method(method)} {host}{first_text(span.attributes, ('url.template',))}" if host else ""


def known_method(method: str) -> str:
    """The method, or `HTTP` for `_OTHER`, which stands for a method that the client did not know."""
    return "HTTP" if method == "_OTHER" else method


def host_of(url: str) -> str:
    """The host of the URL, without port and credentials; "" if the URL is broken."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def database(span: Span, meaning: Meaning) -> str:
    """The name of a query, such as `SELECT orders`, from the attributes or else from the beginning of the statement."""
    attributes = span.attributes
    if not first_text(attributes, DATABASE):
        return ""
    summary = first_text(attributes, ("db.query.summary",))
    verb = first_text(attributes, ("db.operation.name", "db.operation"))
    place = first_text(attributes, ("db.collection.name", "db.sql.table", "db.mongodb.collection"))
    if summary or (verb and place):
        return masked(summary or f"{verb} {place}")
    return masked(statement_name(first_text(attributes, ("db.query.text", "db.statement"))) or verb)


def statement_name(sql: str) -> str:
    """The verb and the table of an SQL statement: `SELECT orders` of `SELECT * FROM orders WHERE ...`."""
    sql = sql[:400]
    verb = sql.split(None, 1)[0].upper() if sql.strip() else ""
    table = SQL.search(sql)
    return f"{verb} {table[1]}" if table and verb.isalpha() else verb if verb.isalpha() else ""


def remote_call(span: Span, meaning: Meaning) -> str:
    """
    The name of a remote call, such as `shop.Orders/Get`, for gRPC and similar systems.

    The newest conventions write the service into the method.
    """
    attributes = span.attributes
    method = first_text(attributes, RPC_METHOD)
    service = first_text(attributes, ("rpc.service",)) if method and "/" not in method else ""
    return f"{service}/{method}" if service else method


def messaging(span: Span, meaning: Meaning) -> str:
    """
    The name of a messaging operation, such as `publish orders`.

    Temporary and anonymous destinations are left out: they are made for one conversation and named by ids.
    """
    attributes = span.attributes
    verb = first_text(attributes, MESSAGING_VERB) if first_text(attributes, MESSAGING) else ""
    if not verb or any(attributes.get(name) is True for name in UNNAMED_DESTINATION):
        return verb
    return f"{verb} {masked(first_text(attributes, DESTINATION))}".strip()


NO_RULES: tuple[NamingRule, ...] = ()
AGENT_WORK: dict[str, tuple[NamingRule, ...]] = {
    "tool_call": (tool_call,),
    "llm_call": (model_call,),
    "graph_node": (agent_run, component),
    "retrieval": (component,),
}
PLAIN_WORK: tuple[NamingRule, ...] = (http_server, http_client, database, remote_call, messaging)


def masked(name: str) -> str:
    """The name with ids and numbers replaced by `{id}`, cut to twice MAX_LENGTH before."""
    return without_ids(name[: MAX_LENGTH * 2])


@lru_cache(maxsize=REMEMBERED)
def without_ids(name: str) -> str:
    """The name with ids and numbers replaced by `{id}`; cached, since most spans have one of few names."""
    return IDS.sub("{id}", name) if any(map(str.isdigit, name)) else name
