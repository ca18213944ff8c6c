"""Whether issues depend on how spans arrived: every order and every cut into requests gives the same bytes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson

from benchmarks.agent_traces import body, request
from benchmarks.quality_sets.place import Place

ORDERS, REQUESTS, SPANS = 20, 4, 256


def measure(folder: Path, work: Path) -> dict[str, Any]:
    """How many different packets of issues the orders gave; 1 is what is wanted."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    requests = [ExportTraceServiceRequest.FromString(body(SPANS, f"order {n}")) for n in range(REQUESTS)]
    spans = [span for one in requests for span in one.resource_spans[0].scope_spans[0].spans]
    found = {issues(spans, random.Random(seed)) for seed in range(ORDERS)}
    return {"orders": ORDERS, "different": len(found)}


def issues(spans: list[Any], chance: random.Random) -> bytes:
    """The issues of these spans, sent in a random order in requests of random size."""
    place = Place.new("order")
    shuffled = chance.sample(spans, len(spans))
    while shuffled:
        cut = chance.randrange(1, 200)
        place.send(request(shuffled[:cut]).SerializeToString(), json=False)
        shuffled = shuffled[cut:]
    return orjson.dumps([issue.shown() for issue in place.issues()])
