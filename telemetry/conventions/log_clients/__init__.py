"""
Clients that say what they do in log events, whether or not they send spans. One client is one file.

A file declares a CLIENT: which events it documents, and where their attributes hold what. May import
`telemetry.conventions.facts` and what is below it.
"""

from telemetry.conventions.log_clients.log_client import LogClientRegistry

CLIENTS = LogClientRegistry(__name__, __path__)
