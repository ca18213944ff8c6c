"""Why, and what to do: packets, loops, approval, verification."""

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """Its models live in the control database."""

    name = "diagnosis"
