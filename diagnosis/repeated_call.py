"""
The same call again and again without progress: the `repeated_call` signal, found in the traces of agents.

Three calls of one operation with the same arguments and the same result, between which nothing new was done: step
repetition, the most frequent failure of agents in https://arxiv.org/abs/2503.13657 (MAST, FM-1.3). OpenHands stops a
running agent at the fourth (https://docs.openhands.dev/sdk/guides/agent-stuck-detector); after the fact the third
says enough, while two may be a look back. Quiet: results that change (polling), other arguments (a batch), calls
that fail (an issue of their own; a retry that succeeds is progress), and content that was not recorded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from diagnosis import calls, failures, observed
from diagnosis.calls import Bounds, Call, Place
from diagnosis.clusters import Cluster
from diagnosis.failures import Failing
from diagnosis.observed import Row, Target
from diagnosis.rates import Counts
from diagnosis.spread import Observed, clustering
from telemetry.fingerprint import VERSION
from telemetry.windows import MINUTE_NANO, Window

SIGNAL = "repeated_call"
THRESHOLD = 3  # calls
MANY = 10  # calls; a loop that nothing stopped
DIAGNOSED, VERIFIED = Bounds(a_slice=15, calls=300), Bounds(a_slice=50, calls=2000)


@dataclass(frozen=True, slots=True)
class Visit:
    """One trace that called the operation, and the call that was one too many."""

    place: Place
    trace_id: bytes
    start_time_unix_nano: int
    stuck: Failing | None


def find(window: Window) -> list[Cluster]:
    """One cluster for each operation that agents of the bound project call again and again, by name."""
    now = by_place(visits(window, DIAGNOSED))
    stuck = [place for place in sorted(now) if any(visit.stuck for visit in now[place])]
    before = by_place(visits(window.before, DIAGNOSED)) if stuck else {}
    return [cluster(place, now[place], before.get(place, [])) for place in stuck]


def cluster(place: Place, now: list[Visit], before: list[Visit]) -> Cluster:
    """A record for each trace that was stuck, of all that were looked at."""
    found = [visit.stuck for visit in now if visit.stuck]
    found.sort(key=lambda one: (one.start_time_unix_nano, one.trace_id, one.span_id))
    return Cluster(fingerprint(place), found, looked_at=len(now), before=counts(before))


def visits(window: Window, bounds: Bounds, without: Collection[str] = ()) -> Iterator[Visit]:
    """Each trace that was looked at, with each operation that it called."""
    for run in calls.read(window, THRESHOLD, bounds, without):
        stuck = {one[0].place: one for one in reversed(repeated(run.calls))}
        for place, start in run.places.items():
            found = charged(stuck[place]) if place in stuck else None
            yield Visit(place, run.trace_id, start, found)


def repeated(made: Sequence[Call]) -> list[list[Call]]:
    """The calls of one trace, by time, that were made again without progress: those of each loop. Pure."""
    tools = [call for call in made if not call.is_model_call]
    models = [call for call in made if call.is_model_call]
    return [*stuck_in(tools), *stuck_in(models)]


def stuck_in(made: Iterable[Call]) -> list[list[Call]]:
    """The same for calls of one kind."""
    same: dict[tuple[Place, str], list[Call]] = defaultdict(list)
    again: Counter[tuple[Place, str]] = Counter()  # since something new was done
    stuck: dict[tuple[Place, str], None] = {}
    for call in made:
        asked = call.place, call.asked
        if all(other.result != call.result for other in same[asked]):
            again.clear()
        else:
            again[asked] += 1
        same[asked].append(call)
        if again[asked] >= THRESHOLD - 1:
            stuck[asked] = None
    return [same[asked] for asked in stuck if is_without_progress(same[asked])]


def is_without_progress(same: list[Call]) -> bool:
    """Whether each of the same calls gave the same result, as far as that is known."""
    first = same[0]
    is_known = first.asked and first.result
    return bool(is_known) and not any(call.has_failed or call.result != first.result for call in same)


def charged(same: list[Call]) -> Failing:
    """The call that was one too many, as a record that hurts."""
    number, place = len(same), same[0].place
    return replace(
        same[THRESHOLD - 1].failing,
        signal_type=SIGNAL,
        severity="medium" if number >= MANY else "low",
        message=f"called {number} times in one trace with the same arguments and the same result",
        fingerprint=fingerprint(place),
    )


def fingerprint(place: Place) -> int:
    """The key of "this operation is called again and again", in every window."""
    text = "\x00".join((str(VERSION), SIGNAL, *place))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True) or 1


def observe(window: Window, target: Target) -> Observed:
    """For a verification: the traces that were stuck, of those that were looked at and called the operation."""
    looked = visits(window, VERIFIED, target.without_releases)
    found = [
        visit
        for visit in looked
        if visit.place.service == target.service and visit.place.operation in target.operations
    ]
    size = observed.stretch_minutes(window) * MINUTE_NANO
    rows: list[Row] = [(visit.start_time_unix_nano // size, 1, int(bool(visit.stuck))) for visit in found]
    total = counts(found)
    return Observed(total, observed.batches(observed.merged(rows)), clustering(total, stuck_sessions(found)))


def stuck_sessions(found: list[Visit]) -> list[Counts]:
    """The counts of the sessions with a stuck trace."""
    identities = failures.identities(visit.trace_id for visit in found)
    sessions: dict[str, list[Visit]] = defaultdict(list)
    for visit in found:
        sessions[identities[visit.trace_id].session_id].append(visit)
    return [counted for one in sessions.values() if (counted := counts(one)).failures]


def by_place(found: Iterable[Visit]) -> dict[Place, list[Visit]]:
    """The visits of each operation."""
    grouped: dict[Place, list[Visit]] = defaultdict(list)
    for visit in found:
        grouped[visit.place].append(visit)
    return grouped


def counts(found: Sequence[Visit]) -> Counts:
    """How many were stuck, of how many."""
    return Counts(sum(visit.stuck is not None for visit in found), len(found))
