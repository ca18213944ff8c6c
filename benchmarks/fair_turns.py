"""
How long a diagnosis takes beside projects whose agents ask without pausing: `python -m benchmarks.fair_turns`.

Each of `--projects` has `--connections` that ask again as soon as they are answered, whatever they are told. One more
project asks every two seconds, waits as Retry-After says where it is refused, and its time counts until it has its
packet. docs/benchmarks.md#looping-agents
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import orjson

from benchmarks import bounded_agents, servers
from tests.server import Server

PAUSE_SECONDS = 2
DIAGNOSIS = orjson.dumps({"since_minutes": 120})


def answered(server: Server, key: str, refusals: Counter[int]) -> float:
    """The seconds until a diagnosis of this project is answered with its packet."""
    began = time.perf_counter()
    while True:
        answer = server.call(
            "POST", "/v1/runs/diagnose", key, DIAGNOSIS, **{"Content-Type": "application/json"}
        )
        if answer.status == 200:
            return time.perf_counter() - began
        refusals[answer.status] += 1
        time.sleep(int(answer.headers["retry-after"]))


def patient(server: Server, key: str, seconds: float) -> tuple[bounded_agents.Times, Counter[int]]:
    """The times of the project that asks now and then, and how often it was refused."""
    ends, taken, refusals = time.perf_counter() + seconds, list[float](), Counter[int]()
    while time.perf_counter() < ends:
        taken.append(answered(server, key, refusals))
        time.sleep(PAUSE_SECONDS)
    return bounded_agents.Times(sorted(taken)), refusals


def measure(folder: Path, projects: int, connections: int, seconds: float) -> None:
    """Print the times alone and beside the others."""
    server = servers.prepared(folder)
    statuses: Counter[int] = Counter()
    with servers.loopkit(server):
        *keys, third = bounded_agents.filled(server, projects + 1)
        alone, _ = patient(server, third, 5)
        requests = [bounded_agents.post("/v1/runs/diagnose", key, DIAGNOSIS) for key in keys] * connections
        with bounded_agents.looping(server.port, requests, 0, statuses):
            time.sleep(1)
            beside, refusals = patient(server, third, seconds)
    print(
        f"alone {alone.at(0.5):,.0f} ms; beside {projects} x {connections} connections, {len(beside.seconds)} times: "
        f"p50 {beside.at(0.5):,.0f} ms, most {1000 * beside.seconds[-1]:,.0f} ms, refused {dict(refusals)}; "
        f"the others were answered {dict(sorted(statuses.items()))}"
    )


def main() -> None:
    """Measure, in a data dir that is thrown away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=2)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.projects, options.connections, options.seconds)


if __name__ == "__main__":
    main()
