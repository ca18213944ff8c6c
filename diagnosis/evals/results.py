"""The results of evals, as agents report them: the newest of each eval stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from diagnosis.models import EvalCandidate, EvalResult

MOST_RESULTS = 100  # of an eval


def store_result(candidate: EvalCandidate, now: datetime, **fields: Any) -> EvalResult:
    """Store a result, and delete the oldest ones beyond MOST_RESULTS."""
    result = EvalResult.objects.create(candidate=candidate, created_at=now, **fields)
    surplus = list(candidate.results.values_list("pk", flat=True)[MOST_RESULTS:])
    candidate.results.filter(pk__in=surplus).delete()
    return result
