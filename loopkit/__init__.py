"""The service around the apps: settings, URLs, the server, documents for agents, periodic jobs, the demo."""

__version__ = "0.1.0"
