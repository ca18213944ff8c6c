"""
HTTP for telemetry: OTLP in, records, sessions and the drop ledger out, user signals.

May import every other package of telemetry and `tenants.api`. Rules live elsewhere: a view turns HTTP into one call.
"""
