"""The app of the project package itself, which makes its management commands available."""

from django.apps import AppConfig


class LoopkitConfig(AppConfig):
    """Configures the app."""

    name = "loopkit"
