"""Guesses are limited by network and by account, and a stranger who guesses does not lock the owner out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from tenants.keys.provisioning import MintedProject
from tenants.limits import rate_limits
from tenants.models import AuditEntry

PASSWORD = "correct horse battery"
LOGIN = "/admin/login/"
HOME = "203.0.113.7"


@pytest.fixture(autouse=True)
def olga(db: None, monkeypatch: Any) -> User:
    """Staff with a password, at the default rate of ten an hour."""
    monkeypatch.setattr(rate_limits, "_noted_at", [])
    return User.objects.create_superuser("olga", password=PASSWORD)


def sign_in(
    password: str = "wrong",
    network: str = HOME,
    name: str = "olga",
    browser: Client | None = None,
    **headers: str,
) -> Any:
    """The answer to the form."""
    form = {"username": name, "password": password, "next": "/admin/"}
    return (browser or Client()).post(LOGIN, form, REMOTE_ADDR=network, **headers)


def networks(count: int) -> list[str]:
    """That many addresses with nothing in common."""
    return [f"{100 + n // 200}.{n % 200}.7.9" for n in range(count)]


def looked_at(answers: list[Any]) -> int:
    """How many guesses were compared with the password."""
    return sum(answer.status_code == 200 for answer in answers)


@pytest.mark.parametrize("names", [["olga"], ["olga", "OLGA", " olga ", "ｏｌｇａ"], ["nobody"]])
def test_guesses_at_one_account_from_everywhere_are_bounded(names: list[str]) -> None:
    answers = [sign_in(network=network, name=names[n % len(names)]) for n, network in enumerate(networks(30))]

    assert looked_at(answers) == 13
    assert {answer.status_code for answer in answers[13:]} == {429}
    assert "for this account from places that are new to it (13/10m)" in answers[-1].content.decode()
    assert int(answers[-1]["Retry-After"]) <= 610  # the period, and the rest of a sixtieth of it


def test_the_right_password_is_not_looked_at_either_once_an_account_is_guessed_at() -> None:
    for network in networks(13):
        sign_in(network=network)

    assert sign_in(PASSWORD, network="198.51.100.1").status_code == 429


def test_guesses_at_once_are_no_more_than_one_after_the_other(monkeypatch: Any) -> None:
    """Each guess is made while those before it are still compared with the password, as in as many threads."""
    places, compared, compare = iter(networks(40)), [], admin.site.login

    def slowly(request: Any) -> Any:
        compared.append(request)
        if network := next(places, None):
            sign_in(network=network)
        return compare(request)

    monkeypatch.setattr(admin.site, "login", slowly)
    for network in networks(40)[-2:]:
        sign_in(network=network)

    assert len(compared) == 13


def test_who_is_refused_uses_nothing_up_and_who_succeeds_gets_it_back() -> None:
    for network in networks(13):
        sign_in(network=network)
    for _ in range(15):
        assert sign_in(PASSWORD).status_code == 429
    cache.clear()

    assert {sign_in(PASSWORD, network="192.0.2.1").status_code for _ in range(15)} == {302}


def test_another_account_is_not_touched() -> None:
    User.objects.create_superuser("otto", password=PASSWORD)
    for network in networks(13):
        sign_in(network=network)

    assert sign_in(PASSWORD, network="198.51.100.1", name="otto").status_code == 302


def test_one_network_alone_locks_nobody_out_elsewhere() -> None:
    for _ in range(40):
        sign_in(network="198.51.100.1")

    assert sign_in(PASSWORD).status_code == 302


def test_the_owner_comes_in_from_a_network_of_before_while_strangers_guess() -> None:
    sign_in(PASSWORD)
    for network in networks(30):
        sign_in(network=network)

    assert sign_in(PASSWORD).status_code == 302


def test_the_owner_comes_in_with_a_browser_of_before_from_any_network() -> None:
    browser = Client()
    sign_in(PASSWORD, browser=browser)
    for network in networks(30):
        sign_in(network=network)
    browser.post("/admin/logout/")

    assert sign_in(PASSWORD, network="192.0.2.44", browser=browser).status_code == 302


def test_behind_a_forgotten_proxy_the_owner_comes_in_with_a_browser_of_before() -> None:
    browser = Client()
    sign_in(PASSWORD, browser=browser, network="127.0.0.1")
    for _ in range(20):
        sign_in(network="127.0.0.1")
    browser.post("/admin/logout/")

    assert sign_in(PASSWORD, network="127.0.0.1", browser=browser).status_code == 302
    assert sign_in(PASSWORD, network="127.0.0.1").status_code == 429


def test_a_browser_of_before_may_guess_no_more_than_a_network() -> None:
    browser = Client()
    sign_in(PASSWORD, browser=browser)

    answers = [sign_in(network=network, browser=browser) for network in networks(15)]

    assert looked_at(answers) == 10
    assert sign_in(PASSWORD, browser=browser).status_code == 429
    assert sign_in(PASSWORD).status_code == 302  # a browser without the cookie is an ordinary one


def test_the_cookie_is_for_its_account_and_cannot_be_made() -> None:
    browser = Client()
    sign_in(PASSWORD, browser=browser)
    (cookie,) = [cookie for name, cookie in browser.cookies.items() if name.startswith("known_")]
    User.objects.create_superuser("otto", password=PASSWORD)
    for forged in (cookie.value, "x", cookie.value[:-1] + "x", "", "null", "a:b:c"):
        other = Client()
        other.cookies[cookie.key] = forged
        for network in networks(13):
            sign_in(network=network, name="otto", browser=other)
        assert sign_in(PASSWORD, name="otto", network="192.0.2.5", browser=other).status_code == 429

    assert cookie["httponly"]
    assert cookie["path"] == LOGIN
    assert "olga" not in cookie.key + cookie.value


def test_a_failure_makes_nobody_known() -> None:
    browser = Client()
    sign_in(browser=browser)

    assert not [name for name in browser.cookies if name.startswith("known_")]


@pytest.mark.parametrize(
    ("prefix", "allowed"),
    [("2001:db8:0:{:x}::1", 20), ("2001:db8:0:{:x}00::1", 40), ("2001:db8:{:x}::1", 60)],
)
def test_projects_from_many_networks_of_one_ipv6_subscriber_are_bounded(
    settings: Any, prefix: str, allowed: int
) -> None:
    settings.LOOPKIT_MINT_RATE = "10/h"

    answers = [
        Client().post("/v1/signup", content_type="application/json", REMOTE_ADDR=prefix.format(n))
        for n in range(1, 61)
    ]

    assert sum(answer.status_code == 201 for answer in answers) == allowed


def test_a_refused_network_does_not_use_up_what_its_neighbours_have(settings: Any) -> None:
    settings.LOOPKIT_MINT_RATE = "2/h"

    def status(address: str) -> int:
        post = Client().post("/v1/signup", content_type="application/json", REMOTE_ADDR=address)
        return int(post.status_code)

    assert [status("2001:db8::1") for _ in range(9)] == [201, 201, *[429] * 7]
    assert [status("2001:db8:0:1::1") for _ in range(2)] == [201, 201]


def test_wrong_recovery_codes_are_bounded_by_project_and_the_right_one_always_works(
    make_project: Callable[..., MintedProject], settings: Any
) -> None:
    from tenants.keys import credentials

    project = make_project().project

    def recover(code: str, network: str) -> Any:
        form = {"project_id": project.project_id, "recovery_code": code}
        return Client().post("/v1/recover", form, content_type="application/json", REMOTE_ADDR=network)

    statuses = [recover("0" * 64, network).status_code for network in networks(20)]
    right = credentials.recovery_code(settings.SIGNUP_UPGRADE_SECRET, project.project_id)

    assert statuses == [403] * 13 + [429] * 7
    assert recover(right, HOME).status_code == 200


def test_wrong_upgrade_codes_are_bounded(make_project: Callable[..., MintedProject]) -> None:
    minted = make_project()

    def upgrade(network: str) -> int:
        form = {"code": "0" * 64, "producer_key": minted.keys["producer"]}
        client = Client(REMOTE_ADDR=network, headers={"Authorization": f"Bearer {minted.keys['agent']}"})
        return int(client.post("/v1/signup/upgrade", form, content_type="application/json").status_code)

    statuses = [upgrade(HOME) for _ in range(12)] + [upgrade(network) for network in networks(5)]

    assert statuses == [403] * 10 + [429] * 2 + [403] * 3 + [429] * 2


def test_a_proxy_that_is_not_trusted_is_logged_once_and_noted_in_readiness(caplog: Any, call: Any) -> None:
    for n in range(3):
        sign_in(network="10.0.0.1", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}")

    assert caplog.text.count("a proxy seems to be in front") == 1
    assert any(note.startswith("proxy: ") for note in call("GET", "/readyz").json()["warnings"])


def test_a_suspected_proxy_is_a_notice_and_no_failure(capsys: Any) -> None:
    sign_in(network="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1")

    call_command("check_data")
    call_command("check_data", "--accept")

    assert capsys.readouterr().out.count("proxy: Requests carry X-Forwarded-For") == 2
    assert not AuditEntry.objects.filter(event=AuditEntry.Event.ACCEPTED).exists()


@pytest.mark.parametrize(
    ("peer", "headers", "proxies"),
    [
        ("8.8.4.4", {"HTTP_X_FORWARDED_FOR": "10.0.0.1"}, 0),  # a stranger writes it
        ("10.0.0.1", {}, 0),
        ("10.0.0.1", {"HTTP_X_FORWARDED_FOR": "198.51.100.1"}, 1),
    ],
)
def test_no_proxy_is_suspected_without_reason(
    settings: Any, peer: str, headers: dict[str, str], proxies: int
) -> None:
    settings.LOOPKIT_TRUSTED_PROXIES = proxies

    sign_in(network=peer, **headers)

    assert cache.get(rate_limits.UNREAD_PROXY) is None
