"""
Calls that two instrumentations recorded, counted once.

May import the other modules of `telemetry.store`, but `append`, which calls it.
"""
