"""The project package is an app too, for its management commands."""

from django.apps import AppConfig


class LoopkitConfig(AppConfig):
    """Commands, health and the agent-readable documents."""

    name = "loopkit"
