"""
The visits of agents' runs to operations, and those that fail: the one definition that their numbers are counted by.

A visit is a trace that called the operation, in the window in which its first such call starts; it fails if a rule over
runs finds a failure there (telemetry/agent_runs). Both are kept at ingest (telemetry/store/runs/kept_runs.py).
"""
