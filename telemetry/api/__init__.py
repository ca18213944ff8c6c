"""
The HTTP endpoints of telemetry: OTLP and user signals in; records, sessions and the drop ledger out.

May import every other package of telemetry and `tenants.api`. A view only turns a request into one call of these.
"""
