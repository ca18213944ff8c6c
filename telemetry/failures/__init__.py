"""
Evidence of a failure in one span: statuses, exceptions, stack traces, tool results, user complaints.

May import `telemetry.conventions` and `telemetry.spans`. Which signal a failure becomes is decided in
`telemetry.signals`.
"""
