"""
OTLP log records, each made a span as early as possible, so that all that follows is the same code as for spans.

`selection` says what a log record is kept as, `log_spans` makes its span, `identity` gives that its ids once it was
scrubbed. May import `telemetry.conventions`, `telemetry.otlp` and `telemetry.spans`.
"""
