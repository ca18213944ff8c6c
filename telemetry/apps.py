"""What happened: spans in, records out."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """Its models live in each project's own file."""

    name = "telemetry"
