"""The Django app of packets, loops, approval and verification."""

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """The app `diagnosis`, whose models live in the control database."""

    name = "diagnosis"
