"""
The decoding of OTLP requests: bytes to the official protobuf message, and its values to plain Python values.

May import `telemetry.spans` and `telemetry.windows`.
"""
