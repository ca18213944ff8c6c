"""
The approval queue as a change list of the Django admin: what waits, in which order, by which filters.

May import what `diagnosis.console` may.
"""
