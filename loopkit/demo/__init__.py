"""The demo: a project with recorded telemetry of real clients, sent over HTTP as any user would send it."""
