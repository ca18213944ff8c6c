"""
A project's fingerprints switched to another version: the preview, the switch itself, loops carried over.

May import `diagnosis.verification`, `diagnosis.loops` and telemetry.
"""
