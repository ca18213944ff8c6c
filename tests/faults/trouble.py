"""One project in trouble beside one that is well: who was hurt, what the log said, what was kept."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.instance import Instance
from tests.faults.load import Load
from tests.faults.recount import recount
from tests.faults.table import Line, shown

SLOW = 1.0  # seconds; the neighbour's 99th percentile stays below, on cores that also run the clients
FASTEST_REPEAT = 5  # seconds between two log lines of one worker that say the same; more often is a flood
CAUSES = 3  # ways in which one fault may be said
READS = (
    ("GET", "/v1/telemetry"),
    ("GET", "/v1/sessions"),
    ("GET", "/v1/dashboard"),
    ("POST", "/v1/runs/diagnose"),
)


class Trouble:
    """A fault of one project's store, from before it to after it."""

    def __init__(self, instance: Instance, name: str, line: Line) -> None:
        self.instance, self.name, self.line = instance, name, line
        self.made = instance.server.provision(f"{name} broken")
        self.file: Path = instance.project_file(self.made["project_id"])
        self.loads: list[Load] = []
        neighbour = instance.server.provision(f"{name} well")
        self.well = neighbour["project_id"]
        self.neighbour = Load(
            instance.server.port, neighbour["producer_key"], 2, sizes=(50,), seed=f"{name} well", pause=0.05
        )

    def clients(self, moment: str, connections: int = 4) -> Load:
        """Senders to the project in trouble."""
        load = Load(
            self.instance.server.port, self.made["producer_key"], connections, seed=f"{self.name} {moment}"
        )
        self.loads.append(load)
        return load

    @contextmanager
    def before_and_after(self) -> Iterator[None]:
        """The fault happens in the block, to a store that is in use before and after it."""
        with self.neighbour:
            with self.clients("before") as before:
                before.wait_for(8)
            self.logged, self.start = self.instance.log.stat().st_size, time.monotonic()
            yield
            self.end = time.monotonic()
            with self.clients("after") as after:
                self.line.recoveries.append(after.recovery_after(self.end))
                after.wait_for(8)

    def read(self) -> dict[str, int]:
        """What each way of reading answers now."""
        read = {}
        for method, path in READS:
            data = {} if method == "POST" else None
            answer = self.instance.server.call(method, path, self.made["agent_key"], data)
            assert answer.status != 503 or answer.json()["error"]["code"] == "store_unavailable"
            assert answer.status != 503 or int(answer.headers["retry-after"]) >= 1
            read[path] = answer.status
        return read

    def check(self, log: str = "") -> None:
        """The store is whole, the neighbour was not hurt, and the log names the project and the remedy."""
        self.line.add(recount(self.file, self.loads), *self.loads)
        before, during = (self.neighbour.p99(*span) for span in ((0, self.start), (self.start, self.end)))
        answers = shown(self.neighbour.answers)
        self.line.note = f"another project: {answers}, p99 {during:.2f} s meanwhile, {before:.2f} s before"
        self.line.check()
        assert set(self.neighbour.answers) == {"200"}
        assert during < SLOW
        self.check_log(log)

    def check_log(self, log: str) -> None:
        """Lines of this project alone, not too many, without a traceback."""
        logged = self.instance.log_since(self.logged)
        lines = [line for line in logged.splitlines() if "is not available" in line]
        assert "Traceback" not in logged
        assert all(self.made["project_id"] in line for line in lines), lines
        assert bool(log) <= bool(lines)
        assert all(re.search(log, line) for line in lines), lines
        assert len(lines) <= CAUSES * 2 * (2 + (self.end - self.start) / FASTEST_REPEAT)
