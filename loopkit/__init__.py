"""The service around the apps: settings, URLs, the server, what agents read first, the demo."""

__version__ = "0.1.0"
