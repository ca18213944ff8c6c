"""What the diagnosis benchmark asks of which store, and how long each answer may take."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from benchmarks.diagnose_stores import DAY, FEW_HEALTHY, HOUR, MANY_HEALTHY, MONTH, UNTIL, Store
from telemetry.windows import Window

MOST_MIB = 200  # above the idle server
MOST_GROWTH = 1.5  # of the time, when healthy records grow tenfold and failures stay
COUNT = "SELECT COUNT(*) FROM telemetry_record WHERE start_time_unix_nano >= ? AND start_time_unix_nano < ?"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request over a store's whole window."""

    name: str
    store: Store
    path: str
    goal_ms: float = 0  # 0: none of its own
    query: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def is_diagnosis(self) -> bool:
        """Or a read."""
        return self.path == DIAGNOSE

    @property
    def window(self) -> dict[str, str | int]:
        """As requests name it."""
        return {"since_minutes": self.store.minutes, "until": UNTIL.isoformat().replace("+00:00", "Z")}

    def request(self, key: str, known: Mapping[str, str]) -> bytes:
        """The bytes of the request; `known` names what the store holds, such as {cluster}."""
        asked = self.window | {name: str(value).format_map(known) for name, value in self.query.items()}
        head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        if not self.is_diagnosis:
            query = "&".join(f"{name}={value}" for name, value in asked.items())
            return f"GET {self.path}?{query} HTTP/1.1\r\n{head}\r\n".encode()
        body = orjson.dumps(asked)
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


DIAGNOSE, RECORDS, SESSIONS = "/v1/runs/diagnose", "/v1/telemetry", "/v1/sessions"
FILTERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("", {}),
    ("_failures", {"outcome": "failure"}),
    ("_cluster", {"cluster_id": "{cluster}"}),
    ("_session", {"session_id": "{session}"}),
    ("_signal", {"signal_type": "tool_call_failed"}),
    ("_no_service", {"service": "nobody"}),
    ("_no_environment", {"environment": "nowhere"}),
    ("_no_session", {"session_id": "nobody"}),
)
ASKS = (
    Ask("diagnose_100k", HOUR, DIAGNOSE, 60),
    Ask("diagnose_1m", DAY, DIAGNOSE, 300),
    Ask("diagnose_10m", MONTH, DIAGNOSE, 1500),
    Ask("diagnose_few_healthy", FEW_HEALTHY, DIAGNOSE),
    Ask("diagnose_many_healthy", MANY_HEALTHY, DIAGNOSE),
    *(Ask(f"telemetry{name}", MONTH, RECORDS, 30, {"limit": 100} | asked) for name, asked in FILTERS),
    *(Ask(f"sessions{name}", MONTH, SESSIONS, 100, {"limit": 50} | asked) for name, asked in FILTERS),
)


def reference_seconds(ask: Ask, file: Path) -> float:
    """How long SQLite alone takes to count the window's records over their index of time."""
    window = Window.ending(UNTIL, ask.store.minutes)
    with closing(sqlite3.connect(file)) as store:
        start = time.perf_counter()
        store.execute(COUNT, [window.start_unix_nano, window.end_unix_nano]).fetchone()
        return time.perf_counter() - start


def known(file: Path) -> dict[str, str]:
    """A cluster and a session that the store holds."""
    with closing(sqlite3.connect(file)) as store:
        (fingerprint,) = store.execute(
            "SELECT fingerprint FROM telemetry_attribution GROUP BY fingerprint ORDER BY COUNT(*) DESC LIMIT 1"
        ).fetchone()
        (session,) = store.execute(
            "SELECT session_id FROM telemetry_trace WHERE session_id <> '' ORDER BY trace_id LIMIT 1"
        ).fetchone()
    return {"cluster": f"clu_{fingerprint & 0xFFFFFFFFFFFFFFFF:016x}", "session": session}
