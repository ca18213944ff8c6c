"""Rates a network: exact over all worker processes, and nobody can choose which network he is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from tenants.limits.rate_limits import client_address
from tests.server import Server, running


@pytest.fixture(scope="module")
def limited(new_installation: Callable[[], Path]) -> Iterator[Server]:
    """A server that lets five signups a day through, behind one proxy."""
    variables = {"LOOPKIT_MINT_RATE": "5/d", "LOOPKIT_TRUSTED_PROXIES": "1"}
    with running(new_installation(), **variables) as server:
        yield server


def signups(server: Server, *clients: str) -> Counter[int]:
    """What became of one signup for each client, all at once."""

    def sign_up(client: str) -> int:
        return server.call("POST", "/v1/signup", **{"X-Forwarded-For": client}).status

    with ThreadPoolExecutor(20) as threads:
        return Counter(threads.map(sign_up, clients))


def test_40_at_once_on_all_workers_let_exactly_five_through(limited: Server) -> None:
    assert signups(limited, *["192.0.2.1"] * 40) == {201: 5, 429: 35}


def test_one_ipv6_network_shares_one_count(limited: Server) -> None:
    assert signups(limited, *[f"2001:db8:0:1::{host:x}" for host in range(1, 13)]) == {201: 5, 429: 7}


def test_other_networks_are_not_touched(limited: Server) -> None:
    assert signups(limited, *[f"2001:db8:{network:x}:1::1" for network in range(2, 8)]) == {201: 6}


def test_what_the_client_writes_left_of_the_proxy_is_ignored(limited: Server) -> None:
    assert signups(limited, *[f"198.51.100.{forged}, 192.0.2.2" for forged in range(12)]) == {201: 5, 429: 7}


GARBAGE = [
    "",
    ",",
    " , ,",
    "unknown",
    "_hidden",
    "999.1.1.1",
    "1.2.3.4/8",
    "::1::",
    "[",
    "]",
    "%",
    "ü",
    "a" * 5000,
]


def test_garbage_counts_for_the_proxy_and_is_no_500(limited: Server) -> None:
    assert signups(limited, *GARBAGE) == {201: 5, 429: len(GARBAGE) - 5}


def address(settings: Any, proxies: int, forwarded: str | None, peer: str = "10.0.0.1") -> str:
    """What counts as the client's address."""
    settings.LOOPKIT_TRUSTED_PROXIES = proxies
    more = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, **more))


def test_the_header_is_ignored_by_default(settings: Any) -> None:
    assert settings.LOOPKIT_TRUSTED_PROXIES == 0
    assert address(settings, 0, "203.0.113.9") == "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "2001:db8::9", "2001:db8::9"),
        (1, "[2001:db8::9]", "2001:db8::9"),
        (1, "[2001:db8::9]:4711", "2001:db8::9"),
        (1, "fe80::9%eth0", "fe80::9"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, " 203.0.113.9 ", "203.0.113.9"),
    ],
)
def test_the_entry_of_the_outermost_trusted_proxy_counts(
    settings: Any, proxies: int, forwarded: str, client: str
) -> None:
    assert address(settings, proxies, forwarded) == client


@pytest.mark.parametrize("forwarded", [None, "", "203.0.113.9", *GARBAGE])
def test_fewer_entries_than_proxies_or_garbage_is_the_peer(settings: Any, forwarded: str | None) -> None:
    assert address(settings, 2, forwarded) == "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "client"),
    [("", "127.0.0.1"), ("::ffff:192.0.2.7", "192.0.2.7"), ("::1", "::1"), ("fe80::1%eth0", "fe80::1")],
)
def test_any_peer_has_an_address(settings: Any, peer: str, client: str) -> None:
    assert address(settings, 0, None, peer) == client


@pytest.mark.django_db
def test_ipv4_clients_of_a_dual_stack_socket_are_counted_apart(call: Any, settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE, settings.LOOPKIT_TRUSTED_PROXIES = "1/d", 1

    def status(client: str) -> int:
        return int(call("POST", "/v1/signup", **{"X-Forwarded-For": client}).status_code)

    assert [status("::ffff:192.0.2.7"), status("::ffff:192.0.2.8"), status("192.0.2.7")] == [201, 201, 429]


@pytest.mark.django_db
def test_each_kind_of_attempt_has_a_count_of_its_own(call: Any, settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE = "1/d"

    assert call("POST", "/v1/signup").status_code == 201
    assert call("POST", "/v1/provision", data={"project_name": "acme"}).status_code == 201
    assert call("POST", "/v1/signup").status_code == 429


@pytest.mark.django_db
def test_another_count_goes_on_with_what_was_counted(call: Any, settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE = "2/d"
    before = [call("POST", "/v1/signup").status_code for _ in range(2)]
    settings.LOOPKIT_MINT_RATE = "3/d"
    raised = [call("POST", "/v1/signup").status_code for _ in range(2)]
    settings.LOOPKIT_MINT_RATE = "1/24h"

    assert (before, raised) == ([201, 201], [201, 429])
    assert call("POST", "/v1/signup").status_code == 429


@pytest.mark.django_db
def test_another_period_is_another_count(call: Any, settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE = "1/d"
    assert call("POST", "/v1/signup").status_code == 201
    settings.LOOPKIT_MINT_RATE = "1/h"

    assert [call("POST", "/v1/signup").status_code for _ in range(2)] == [201, 429]


@pytest.mark.django_db
def test_a_429_says_when_to_come_back(call: Any, settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE = "0/d"

    answer = call("POST", "/v1/signup")

    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 86_400
    assert f"Wait {answer['Retry-After']} s" in answer.json()["error"]["hint"]
    assert "0/d" in answer.json()["error"]["message"]
