"""
User signals, joined to what they are about and to the signals that they replace.

May import the other modules of `telemetry.store`, but `append`, which calls it.
"""
