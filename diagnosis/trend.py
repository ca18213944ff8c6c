"""Whether a cluster is new, rising, steady or falling, against the window of the same length before."""

RISING, FALLING = 2.0, 0.5  # times the rate before
ENOUGH = 3  # more or fewer records; below it a change of rate is chance


def trend(failures: int, exposure: int, failures_before: int, exposure_before: int) -> str:
    """`new` where the window before had none of it; else by rate over exposure, so that traffic alone is no trend."""
    if failures_before == 0:
        return "new"
    if abs(failures - failures_before) < ENOUGH or not exposure or not exposure_before:
        return "steady"
    ratio = (failures / exposure) / (failures_before / exposure_before)
    if ratio >= RISING:
        return "rising"
    return "falling" if ratio <= FALLING else "steady"
