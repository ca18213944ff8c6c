"""
The funnel: how many fixes reach each stage, how long that takes, and the cost of waiting for a human.

May import `diagnosis.loops` and `diagnosis.models`.
"""
