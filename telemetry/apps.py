"""The Django app of telemetry."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """The app whose models are stored in each project's own file."""

    name = "telemetry"
