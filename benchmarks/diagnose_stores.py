"""Stores for the diagnosis benchmark: filled over HTTP by the product's own ingest, once, and kept in a folder."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from benchmarks import load, plans, servers, stores
from benchmarks.cases import Case
from benchmarks.fresh_bodies import PROTOBUF, Template
from benchmarks.load import fork
from benchmarks.shop_traces import SPANS, causes, requests
from telemetry.windows import MINUTE_NANO, unix_nano
from tests.server import Server, free_port, server_of

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)  # where all windows end, so that a store does not age
TEMPLATES, REQUESTS_A_TEMPLATE, CONNECTIONS = 24, 4, 4
KEYS, RECORDS = "keys.json", "telemetry_record"
SEND = Case("fill", SPANS, CONNECTIONS, 0, ())


@dataclass(frozen=True, slots=True)
class Store:
    """How many records lie in how long a window, and what share of them fails in how many ways."""

    name: str
    records: int
    minutes: int
    failing: float
    kinds: int = 200

    @property
    def bodies(self) -> int:
        """Requests that fill it, in whole templates."""
        return -(-self.records // SPANS // REQUESTS_A_TEMPLATE) * REQUESTS_A_TEMPLATE


HOUR = Store("hour", 100_000, 60, 0.05, kinds=12)
DAY = Store("day", 1_000_000, 1440, 0.05)
MONTH = Store("month", 10_000_000, 43_200, 0.02)
FEW_HEALTHY, MANY_HEALTHY = (
    Store("few_healthy", 100_000, 1440, 0.05),
    Store("many_healthy", 1_000_000, 1440, 0.005),
)


def opened(store: Store, folder: Path) -> tuple[Server, dict[str, str]]:
    """The installation that holds the store, not yet started, and the keys of its project; filled unless it was."""
    place = folder / store.name
    place.mkdir(parents=True, exist_ok=True)
    if not (place / KEYS).exists():
        fill(store, place)
    server = server_of(place / "loopkit", free_port(), **servers.UNLIMITED)
    server.manage("prepare")  # brings an older store up to date
    return server, json.loads((place / KEYS).read_text())


def fill(store: Store, place: Path) -> None:
    """Send everything, count it, and note the keys."""
    server = servers.prepared(place / "loopkit")
    with servers.loopkit(server):
        project = server.provision(store.name)
        send(store, server.port, project["producer_key"])
        stores.check_tallies(server, [project["agent_key"]], store.bodies * SPANS)
    stores.check_rows(stores.project_files(server), RECORDS, store.bodies * SPANS)
    (place / KEYS).write_text(json.dumps(project))


def send(store: Store, port: int, key: str) -> None:
    """All bodies in order of time, over several connections."""
    stretch = store.minutes * MINUTE_NANO * REQUESTS_A_TEMPLATE // store.bodies
    chance = random.Random(store.name)
    its = causes(chance, store.kinds)
    pool = [
        Template(PROTOBUF, requests(chance, store.failing, its, REQUESTS_A_TEMPLATE, stretch))
        for _ in range(TEMPLATES)
    ]
    position = fork.Value("q", 0)
    sources = [bodies(store, pool, stretch, seed, position) for seed in range(CONNECTIONS)]
    started = time.perf_counter()
    load.drive(port, [plans.requests(SEND, lambda: key, source) for source in sources])
    rate = store.bodies * SPANS / (time.perf_counter() - started)
    print(f"filled {store.name} at {rate:,.0f} spans/s", file=sys.stderr)


def bodies(
    store: Store, pool: list[Template], stretch: int, seed: int, position: Synchronized[int]
) -> Iterator[bytes]:
    """Bodies for one connection, each template at the next stretch of time that no other connection took."""
    chance = random.Random(f"{store.name} {seed}")
    begin = unix_nano(UNTIL) - store.minutes * MINUTE_NANO
    while True:
        with position.get_lock():
            mine = position.value
            position.value += 1
        if mine * REQUESTS_A_TEMPLATE >= store.bodies:
            return
        yield from pool[mine % len(pool)].fresh(chance, begin + mine * stretch)
