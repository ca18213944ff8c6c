"""Keys and codes as text."""

from __future__ import annotations

import hashlib
import hmac
import re
import string
from typing import Any

import pytest
from django.db import connection

from tenants.keys import credentials
from tenants.keys.provisioning import MintedProject
from tenants.models import Key

KEY = re.compile(r"lk_(ingest|agent|feedback)_[0-9A-Za-z]{49}")


def test_a_key_is_its_prefix_43_random_characters_and_6_of_checksum() -> None:
    for kind in Key.Kind:
        raw = credentials.new_key(kind)

        assert KEY.fullmatch(raw)
        assert raw.startswith(credentials.PREFIXES[kind])
        assert credentials.is_well_formed(raw)


def test_no_two_keys_are_alike() -> None:
    assert len({credentials.new_key(Key.Kind.AGENT) for _ in range(1000)}) == 1000


def test_43_characters_hold_256_bits() -> None:
    highest = (1 << 256) - 1

    text = credentials.base62(highest, credentials.RANDOM_LENGTH)

    value = 0
    for character in text:
        value = value * 62 + credentials.ALPHABET.index(character)
    assert value == highest


def test_one_wrong_character_is_noticed_wherever_it_stands() -> None:
    raw = credentials.new_key(Key.Kind.PRODUCER)

    for place in range(len(raw)):
        other = "x" if raw[place] != "x" else "y"
        assert not credentials.is_well_formed(raw[:place] + other + raw[place + 1 :])


def test_two_swapped_characters_are_noticed() -> None:
    raw = credentials.new_key(Key.Kind.AGENT)

    for place in range(len(raw) - 1):
        first, second = raw[place : place + 2]
        if first != second:
            assert not credentials.is_well_formed(raw[:place] + second + first + raw[place + 2 :])


@pytest.mark.parametrize(
    "raw", ["", "lk_", "lk_agent_", "sk-proj-123", "lk_agent_" + "ü" * 49, "lk_agent_" + "0" * 49]
)
def test_what_is_no_key_is_told_apart(raw: str) -> None:
    assert not credentials.is_well_formed(raw)


def test_a_cut_key_and_a_longer_one_are_noticed() -> None:
    raw = credentials.new_key(Key.Kind.FEEDBACK)

    assert not credentials.is_well_formed(raw[:-1])
    assert not credentials.is_well_formed(raw + "0")


def test_the_alphabet_is_base62() -> None:
    assert sorted(credentials.ALPHABET) == sorted(string.ascii_letters + string.digits)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc  ", "abc"),
        ("Bearer%20abc", "abc"),
        ("bearer%20abc", "abc"),
        ("", None),
        ("Bearer", None),
        ("Bearer   ", None),
        ("Basic abc", None),
        ("abc", None),
        ("%", None),
        ("Bearer%ff", None),
    ],
)
def test_the_key_of_an_authorization_header(header: str, key: str | None) -> None:
    assert credentials.bearer(header) == key


def test_codes_are_the_documented_hmacs() -> None:
    def documented(text: str) -> str:
        return hmac.new(b"the secret", text.encode(), hashlib.sha256).hexdigest()

    assert credentials.recovery_code("the secret", "acme-1a2b3c4d") == documented("recover:acme-1a2b3c4d")
    upgrade = documented("signup-upgrade:sandbox:acme-1a2b3c4d")
    assert credentials.upgrade_code("the secret", "acme-1a2b3c4d") == upgrade


@pytest.mark.django_db
def test_the_answers_recovery_code_is_the_documented_hmac(call: Any, settings: Any) -> None:
    minted = call("POST", "/v1/provision", data={"project_name": "acme"}).json()

    text = f"recover:{minted['project_id']}"
    code = hmac.new(settings.SIGNUP_UPGRADE_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert minted["recovery_code"] == code


def test_only_the_sha256_of_a_key_is_in_the_database(alice: MintedProject, call: Any) -> None:
    call("POST", "/v1/signup/upgrade", alice.keys["agent"], {"code": "wrong"})

    kept = everything_kept()

    for raw in alice.keys.values():
        secret = raw[raw.rindex("_") + 1 :]
        assert hashlib.sha256(raw.encode()).hexdigest() in kept
        assert not [place for place in range(len(secret) - 7) if secret[place : place + 8] in kept]


def test_no_recovery_code_is_in_the_database(alice: MintedProject, call: Any, settings: Any) -> None:
    code = credentials.recovery_code(settings.SIGNUP_UPGRADE_SECRET, alice.project.project_id)
    body = {"project_id": alice.project.project_id, "recovery_code": code}

    assert call("POST", "/v1/recover", data=body).status_code == 200

    assert code not in everything_kept()


def everything_kept() -> str:
    """Every value of every table of the control database."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        assert "tenants_key" in tables
        rows = [cursor.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables]
    return repr(rows)
