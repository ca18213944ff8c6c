"""What clients of OAuth are told: which key to send, in the form that they show their users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loopkit.no_oauth import PATHS

METADATA = (
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oauth_clients_read_which_key_to_send(
    method: str, path: str, call: Callable[..., Any], db: None
) -> None:
    answer = call(method, f"/{path}", "", {"redirect_uris": ["http://localhost/"]})

    assert answer.status_code == 404
    assert answer.json()["error"] == "invalid_request"
    assert "Authorization: Bearer lk_agent_" in answer.json()["error_description"]
    assert answer.json()["error_description"].endswith("http://testserver/auth.md")


@pytest.mark.parametrize("path", METADATA)
def test_no_metadata_leads_to_oauth(path: str, call: Callable[..., Any], db: None) -> None:
    answer = call("GET", path)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
