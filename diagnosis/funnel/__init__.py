"""
How far fixes get, how long each step takes, and what waiting for a human cost.

May import `diagnosis.loops` and `diagnosis.models`.
"""
