"""
Bytes of an OTLP request to the official protobuf message, and its values to plain Python.

May import `telemetry.spans` and `telemetry.windows`.
"""
