"""
Each row of the list of kinds: a made-up secret is redacted, and what nearly is one stays.

The tests are made from the rows, so that a new row is tested by existing.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from telemetry.scrubbing.kinds.kind import SecretKind
from telemetry.scrubbing.kinds.table import KINDS
from telemetry.scrubbing.texts import MARK, redacted
from tests.telemetry.scrubbing.made_up import NAMES, ROWS, made_up, wordy
from tests.telemetry.scrubbing.sent import RANDOM, scrubbed, sent, values_of

AROUND = ["{}", "it said {}, then stopped", "a=1&b={}&c=2", "line one\\n{}\\tend", "<v>{}</v>", "x%3D{}%26"]


def failing_rows(check: Callable[[SecretKind, str], None]) -> dict[str, str]:
    """The rows that the check fails for, by vendor and anchor: one test for all, since each takes a millisecond."""
    failed = {}
    for name, row in zip(NAMES, ROWS, strict=True):
        try:
            check(*row)
        except AssertionError as error:
            failed[name] = str(error)
    return failed


def test_a_made_up_secret_is_redacted_in_any_text() -> None:
    assert failing_rows(redacted_in_any_text) == {}


def redacted_in_any_text(kind: SecretKind, anchor: str) -> None:
    """Nothing of a made-up secret is left, and what stands around it is."""
    for secret in (made_up(kind, anchor), made_up(kind, anchor, longest=True)):
        for around in AROUND:
            assert secret not in redacted(around.format(secret))[0], around
        nested = redacted(json.dumps({"arguments": json.dumps({"note": f"it is\n{secret}"})}))[0]
        assert secret not in nested
        assert json.loads(json.loads(nested)["arguments"])["note"].startswith("it is\n")


def test_a_made_up_secret_leaves_a_request() -> None:
    assert failing_rows(leaves_a_request) == {}


def leaves_a_request(kind: SecretKind, anchor: str) -> None:
    """No place of a request has a made-up secret, once it is scrubbed."""
    secret = made_up(kind, anchor)
    message = sent({"note": secret, "list": [secret], secret: 1}, name=secret)

    scrubbed(message)

    assert secret.encode() not in message.SerializeToString()


def test_what_is_nearly_a_secret_stays() -> None:
    assert failing_rows(stays_where_nearly_a_secret) == {}


def stays_where_nearly_a_secret(kind: SecretKind, anchor: str) -> None:
    """What is too short, or made of words, stays."""
    runs = [part.shortest for part in (kind.head, *kind.tail) if part and not isinstance(part, str)]
    near = [made_up(kind, anchor, missing=max(runs) // 2 + 1), *wordy(kind, anchor)]

    for text in (*near, f"see {near[0]} here", anchor, f"{anchor} {anchor}"):
        assert redacted(text) == (text, 0)


def test_a_word_before_the_anchor_makes_it_another_word() -> None:
    assert failing_rows(stays_behind_a_word) == {}


def stays_behind_a_word(kind: SecretKind, anchor: str) -> None:
    """The word stays, unless what stands before this anchor is a part of the secret, or separates it."""
    if kind.head or not anchor[0].isalnum():
        return
    text = f"ordinary{made_up(kind, anchor)}"

    kept, _ = redacted(text)

    assert kept.startswith(f"ordinary{anchor[:4]}")


def test_every_row_says_where_it_is_from() -> None:
    assert {kind.source for kind in KINDS if not kind.source.startswith("https://")} == {
        "tenants/keys/credentials.py"
    }
    assert len({(kind.vendor, kind.name) for kind in KINDS}) == len(KINDS)


def test_one_secret_is_one_mark() -> None:
    message = sent({"note": f"before {made_up(*ROWS[0])} after"})

    assert scrubbed(message) == {"redacted_value": 1}
    assert values_of(message) == {"note": f"before {MARK} after"}


# Keys in forms that vendors changed or publish themselves: https://github.com/checkout/checkout-sdk-python and others.
LETTERS = "k7Qw2Zr9Tb4Xc6Yd8Nf3Mg5Lh1Jp"
PUBLISHED = [
    "sk_sbox_" + "m2x7q" * 5 + "k4",
    "sk_" + "m2x7q" * 5 + "k4",
    "sk_test_0b9e3c52-6f1d-4a7e-9c38-5d2f7a1b4e60",
    "snyk_uat.1f2cad39." + "eyJl" + LETTERS * 4 + "." + LETTERS * 3,
    "vcp_k7Q_" + LETTERS + LETTERS[:20],
    "bkaa_k7-Q" + LETTERS * 2 + LETTERS[:15],
    "rpa_" + "K7QW2ZR9TB4XC6YD8NF3MG5LH1JPK7QW2ZR9TB4X" + "c6yd8n",
    "xai-k7-" + LETTERS * 3,
    "napi_" + LETTERS + LETTERS + "Qw2Zr9Tb",
    "AQ.Ab8RN6" + LETTERS + LETTERS[:16],
    "GOOG" + "TB4XC6YD8NF3MG5LH1JP",
    "EAAF" + LETTERS * 4,
    "pk_k7Qw2Z_" + "9c3e5" * 6 + "7ab1",
    "https://chat.example.com/hooks/k7qw2zr9tb4xc6yd8nf3mg5lh1",
    "https://chat.example.com/hooks/k7Qw2Zr9Tb4Xc6Yd8/" + LETTERS + LETTERS[:20],
]
CLEAN = [
    "sess-550e8400-e29b-41d4-a716-446655440000 sess-9f86d081884c7d65 session sess-12345678",
    "v1.9f86d081884c7d659a2feaa0c55ad015a3bf4f1b is the image of release v1.4.2",
    "s.getAuthenticationManager().signInWithRedirect() r.s.applicationContextProvider",
    "ephkey_1K2mNpQr3sTuVwXy4ZaBcDeF cus_9s6XKzkNRiz8i3 pi_3MtwBwLkdIwHu7ix28a3tqPa",
    "https://flows.example.com/webhook/550e8400-e29b-41d4-a716-446655440000 answered 200",
    "GET /hooks/550e8400-e29b-41d4-a716-446655440000 and /hooks/useAuthenticationState.ts and /hooks/pre-commit",
    "git show 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b",
    "order K0051234567 K005-2024-000123 ORD-2024-0009 INV00004711 sku GOOGLE-HOME-MINI GOOGLEPIXEL8PRO",
    "xau_usd xau_intraday_research_cache_5m XAU_USD ek_preis ek_shell_command cal_live_preview_of_the_week",
    "cog_factor_of_the_wheel apk_release_build_of_the_shop pina_colada_with_pineapple csa_member_2024",
    "co-author co-1234 testsk_example sk_dev_server sk_prod_shop_eu_west_1 GOOGLE_APPLICATION_CREDENTIALS",
    '{"usage": {"prompt_tokens": 1204, "completion_tokens": 88, "total_tokens": 1292}, "id": "chatcmpl-9x"}',
    "eaaf7867-0bb5-4309-801b-ad62d13a7298 EAAF EAAB2 igqv IGQV dkea dose of 5 ml ddp_ ddo_offset",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV 2WzZ9rJX8Y7u c29tZSB0ZXh0IHRoYXQgaXMgbm90IGEgc2VjcmV0IGF0IGFsbA==",
    "mercury_production_line polar_at_night polar_pattern_of_the_antenna vtwn_station waka_time shltm_2",
]


@pytest.mark.parametrize("secret", PUBLISHED)
def test_nothing_of_a_key_is_left_in_the_form_that_its_vendor_writes(secret: str) -> None:
    kept, count = redacted(f"it said {secret}, then stopped")

    assert count == 1
    assert (
        kept
        == f"it said {secret[: secret.find('/hooks/')] if '/hooks/' in secret else ''}{MARK}, then stopped"
    )


@pytest.mark.parametrize("text", CLEAN)
def test_an_id_or_a_name_that_begins_like_a_key_stays(text: str) -> None:
    assert redacted(text) == (text, 0)


def test_the_longest_secret_that_begins_at_a_place_is_redacted() -> None:
    parts = [RANDOM, RANDOM[:16], RANDOM * 2, RANDOM[:22]]
    token = ".".join(["eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0", *parts])

    assert redacted(f"sent {token} to it") == ("sent [redacted] to it", 1)
