"""
The tools of agents, by the Model Context Protocol: the HTTP API's answers, cut to a budget of tokens.

A tool calls paths of the HTTP API with the caller's own key (`api_calls.py`), so that both check, refuse and count the
same way, and shows their answers in a short form (`short_forms.py`) that fits (`budget.py`).
https://modelcontextprotocol.io/specification/2026-07-28/server/tools
"""
