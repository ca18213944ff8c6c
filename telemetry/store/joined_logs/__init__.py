"""
Log records that join the span that they name, whichever of the two comes first.

`arrival` is called for each batch: it joins what can join, and lets the rest wait. `merged_span` makes the span with
its events, `amended_records` stores it as the next version of the record, with all that is counted of it, `waiting`
keeps log records whose span has not come, `earlier_versions` the versions of a record before. May import the other
modules of `telemetry.store`, but `append`, which calls it.
"""
