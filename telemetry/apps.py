"""The Django app of telemetry."""

from django.apps import AppConfig

from tenants import redactor


class TelemetryConfig(AppConfig):
    """The app whose models are stored in each project's own file."""

    name = "telemetry"

    def ready(self) -> None:
        """Let the texts of other apps be redacted as telemetry is; settings are needed to import the rules."""
        from telemetry.scrubbing.texts import redacted

        redactor.use_redactor(redacted)
