"""One module a case: `GOAL_MS`, and `cases()`: by name, the one request that is timed."""
