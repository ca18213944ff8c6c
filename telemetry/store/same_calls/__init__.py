"""
Calls that two instrumentations recorded, and failures of tools that a model was told of, counted once.

May import the other modules of `telemetry.store`, but `append`, which calls it.
"""
