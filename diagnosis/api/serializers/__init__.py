"""
The shapes of requests and answers, for validation and the OpenAPI document.

May import models and the registries of signals and rules.
"""
