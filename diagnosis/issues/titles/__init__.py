"""
The title of an issue: its operation, and the shortest text that names the cause.

Pure functions on texts. May import nothing of LoopKit but the length at which messages are cut. A title is shown and
never compared: what tells clusters apart is in `telemetry.grouping`.
"""
