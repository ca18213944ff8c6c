"""
One project's telemetry, in its own store: records, their origins, traces, releases, rollups, tallies.

No foreign key and no sequence: every key is natural or made by the app, so the same tables can live in one SQLite
file or one PostgreSQL schema a project. Rows are written in transactions of transactions.py alone: by insertion.py,
segments.py, traces.py, attributions.py, agent_runs.py, rollups.py, deployments.py, tallies.py, known_ids.py,
conflicts.py, odd_times.py, ratings, same_calls and joined_logs, and by regrouping.py when fingerprints are switched.
"""

from telemetry.models.counts import (
    DayRollup,
    DeploymentCounts,
    HourRollup,
    OddClock,
    Release,
    Rollup,
    RollupCounts,
    Tally,
)
from telemetry.models.known_ids import Conflict, SharedSpan
from telemetry.models.logs import ContextLog, EarlierVersion, RepeatedLogs, WaitingLog
from telemetry.models.ratings import RatedSubject, Rating, ReplacedRecord
from telemetry.models.records import Attribution, Origin, Record, Segment, Trace
from telemetry.models.repeated_calls import RepeatedCall
from telemetry.models.runs import FailingVisit, LongTrace, PendingRun, VisitCount

__all__ = [
    "Attribution",
    "Conflict",
    "ContextLog",
    "DayRollup",
    "DeploymentCounts",
    "EarlierVersion",
    "FailingVisit",
    "HourRollup",
    "LongTrace",
    "OddClock",
    "Origin",
    "PendingRun",
    "RatedSubject",
    "Rating",
    "Record",
    "Release",
    "RepeatedCall",
    "RepeatedLogs",
    "ReplacedRecord",
    "Rollup",
    "RollupCounts",
    "Segment",
    "SharedSpan",
    "Tally",
    "Trace",
    "VisitCount",
    "WaitingLog",
]
