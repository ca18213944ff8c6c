"""The Host header, of which links are made where no public URL is set: only a real host and port is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

FALSE_HOSTS = [
    *(
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:99999",
        "localhost:000",
        "[::1]:70000",
        "127.0.0.1:" + "9" * 5000,
    ),
    *(
        "127.0.0.1:80:80",
        "127.0.0.1:-80",
        "127.0.0.1:+80",
        "127.0.0.1:8 0",
        "127.0.0.1:80@evil.example",
        "127.0.0.1:٣",
    ),
    *("", "127.0.0.1/", "a@127.0.0.1", "127.0.0.1, localhost", "127.0.0.1#", "::1", "[::1", "localhost\t:80"),
]
DOCUMENTS = [
    "llms.txt",
    "agents.md",
    "reference.md",
    "quickstart.md",
    "contact.json",
    "openapi.json",
    "schema/index.json",
]


@pytest.mark.parametrize("host", FALSE_HOSTS, ids=ascii)
def test_a_host_that_is_none_is_a_400(call: Callable[..., Any], host: str) -> None:
    answer = call("GET", "/health", Host=host)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost:65535", "[::1]:8000", "LOCALHOST:080"]
)
def test_a_real_host_is_answered(call: Callable[..., Any], settings: Any, host: str) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

    assert call("GET", "/health", Host=host).status_code == 200


def test_an_exporter_is_told_in_its_own_shape(call: Callable[..., Any]) -> None:
    answer = call("POST", "/v1/traces", data={}, Host="127.0.0.1:99999")

    assert (answer.status_code, answer.json()["code"]) == (400, 3)


@pytest.mark.django_db
@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize(
    ("public_url", "cache_control"), [("", "private"), ("https://loopkit.example", "public")]
)
def test_a_document_that_names_the_requests_host_is_in_no_shared_cache(
    call: Callable[..., Any], settings: Any, name: str, public_url: str, cache_control: str
) -> None:
    settings.LOOPKIT_PUBLIC_URL = public_url
    settings.ALLOWED_HOSTS = ["testserver"]

    answer = call("GET", f"/{name}")

    directives = answer.headers["cache-control"].split(", ")
    assert answer.status_code == 200
    assert sorted(directives) == ["max-age=300", cache_control]
