"""What a tool is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diagnosis.agents.api_calls import Api
from tenants.api.strict_fields import StrictSerializer


@dataclass(frozen=True, slots=True)
class AgentTool:
    """A tool for agents, as one file of diagnosis/agents/tools offers it."""

    name: str
    title: str
    description: str  # for models: what it gives, and when to call it
    scope: str  # that the key needs
    is_read_only: bool
    is_idempotent: bool  # called again with the same arguments, it changes nothing more
    arguments: type[StrictSerializer]
    answer: Callable[
        [Api, dict[str, Any]], dict[str, Any]
    ]  # to parsed arguments; raises ApiError and ApiRefusal
