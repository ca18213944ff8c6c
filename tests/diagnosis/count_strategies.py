"""Counts for tests of any counts."""

from __future__ import annotations

from hypothesis import strategies as st

from diagnosis.statistics.rates import Counts

LARGE = 10**7


@st.composite
def some_counts(draw: st.DrawFn, most: int = LARGE) -> Counts:
    """Counts of any size, small ones often."""
    exposure = draw(st.integers(0, 50) | st.integers(0, most))
    return Counts(draw(st.integers(0, min(exposure, 20)) | st.integers(0, exposure)), exposure)
