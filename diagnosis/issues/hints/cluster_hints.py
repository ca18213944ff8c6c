"""
The hints of the clusters of a window: read the records of their operations, search a part of them, count in all.

    HintReading.read -> find_candidates -> judged_hints
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnosis.issues.extents import Extent
from diagnosis.issues.hints.hint import Hint
from diagnosis.issues.hints.hint_reading import HintReading, failures_each
from diagnosis.issues.hints.judge import judged_hints
from diagnosis.issues.hints.search import find_candidates
from tenants.limits.heavy_runs import checkpoint

# Records besides failures that are searched: of all groups of operations together, and of each at least.
OTHERS, FEWEST_OTHERS = 1000, 64


def find_hints(reading: HintReading, clusters: Sequence[Extent]) -> dict[int, list[Hint]]:
    """The hints of each of these clusters, strongest first, by fingerprint."""
    groups = {tuple(cluster.places) for cluster in clusters}
    most_others = max(FEWEST_OTHERS, OTHERS // max(len(groups), 1))
    hints = {}
    for cluster in clusters:
        checkpoint()
        sides = reading.of(cluster)
        found = find_candidates(sides.sampled(failures_each(len(clusters)), most_others))
        hints[cluster.fingerprint] = judged_hints(sides, found)
    return hints
