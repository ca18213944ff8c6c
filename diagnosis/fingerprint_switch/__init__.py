"""
The switch of a project's fingerprints to another version: its preview, the switch itself, and the move of the loops.

May import `diagnosis.verification`, `diagnosis.loops` and telemetry.
"""
