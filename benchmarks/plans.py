"""What each connection sends: bodies that were built before, taken by whoever is free, or built on the way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.sharedctypes import Synchronized

from benchmarks.cases import Case
from benchmarks.fresh_bodies import JSON_GZIP, PROTOBUF, Template, templates
from benchmarks.load import Plan, fork

BEFORE_NANO = 60_000_000_000  # traces began this long ago, so that all have ended
WIRES = {"protobuf": PROTOBUF, "json_gzip": JSON_GZIP}
HEADERS = {
    "protobuf": "Content-Type: application/x-protobuf\r\n",
    "json_gzip": "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
}


def bodies(case: Case, number: int) -> list[bytes]:
    """That many new ones, built before the clock runs."""
    pool = templates(WIRES[case.wire], case.spans, case.pool_spans)
    endless = fresh(pool, random.Random())
    return [next(endless) for _ in range(number)]


def fresh(pool: Sequence[Template], chance: random.Random) -> Iterator[bytes]:
    """New bodies without end."""
    while True:
        yield from chance.choice(pool).fresh(chance, time.time_ns() - BEFORE_NANO)


def plans(case: Case, keys: Sequence[str], built: Sequence[bytes]) -> list[Plan]:
    """One a connection. All take from the same bodies; a connection is one project's, but for many projects."""
    position = fork.Value("L", 0)
    return [
        requests(case, chooser(case, keys, connection), shared(built, position))
        for connection in range(case.connections)
    ]


def chooser(case: Case, keys: Sequence[str], connection: int) -> Callable[[], str]:
    """Whose key the next request of a connection has."""
    if case.projects > case.connections:
        chance = random.Random(connection)
        return lambda: chance.choice(keys)
    return lambda: keys[connection % len(keys)]


def requests(case: Case, key: Callable[[], str], source: Iterator[bytes]) -> Plan:
    """The bytes of whole requests."""
    head = f"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\n{HEADERS[case.wire]}"
    for body in source:
        yield f"{head}Authorization: Bearer {key()}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def shared(built: Sequence[bytes], position: Synchronized[int]) -> Iterator[bytes]:
    """Those that no other connection took, in whatever process it is."""
    while True:
        with position.get_lock():
            mine = position.value
            position.value += 1
        if mine >= len(built):
            return
        yield built[mine]
