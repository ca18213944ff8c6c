"""
The evidence as the loop's page compares it: failures over time, a failing record beside a healthy one, the trace.

May import `diagnosis.verification`, `diagnosis.loops` and `diagnosis.detection`. Reads the store, writes nothing.
"""
