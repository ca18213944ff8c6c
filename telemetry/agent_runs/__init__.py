"""
Failures of an agent's whole run, which no single call shows: calls without progress, answers without foundation.

Pure functions of the calls of one trace. telemetry/store/runs/kept_runs.py keeps their results up to date while the
spans of a trace arrive.
"""
