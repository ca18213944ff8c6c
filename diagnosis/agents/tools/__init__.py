"""The tools: one file each, with its arguments and its answer."""

from __future__ import annotations

from diagnosis.agents.tools import (
    diagnose,
    eval_spec,
    handoff,
    issue,
    loops,
    report,
    sessions,
    telemetry,
    verify,
)

# In the order of a loop's life, in which clients list them.
TOOLS = tuple(
    module.TOOL
    for module in (diagnose, issue, telemetry, sessions, loops, handoff, eval_spec, report, verify)
)
