"""Messages without what varies."""

from __future__ import annotations

import pytest

from telemetry.fingerprint import skeleton


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order 78840 not found in shard eu-6", "order 1 not found in shard eu-12"),
        ("refund of 265.15 EUR exceeds 50.00 EUR", "refund of 7 EUR exceeds 1,000.50 EUR"),
        ("no answer within 934 ms", "no answer within 1.2 s"),
        ("checkout 39263059f28c105d failed", "checkout 0b51dcb6-1c5a-4b2e-9d3c-5f0f6d8f2a11 failed"),
        ("limit in organization org-cc099a177064c2c on tpm", "limit in organization org-Zk3Xy91 on tpm"),
        ("(include the request ID req_3fc27219c1da69534048 in it)", "(include the request ID req_9 in it)"),
        ("carrier 503 for E85583674", "carrier 503 for W89918134"),
        ("mail to ann@example.test bounced", "mail to bob.b+x@mail.example.test bounced"),
        ("GET https://api.test/o/17?q=1 failed", "GET https://api.test/carts/x failed"),
        (
            "Max retries with url: /stock/SKU-590 (port=7999)",
            "Max retries with url: /stock/SKU-1 (port=8001)",
        ),
        ("error at /srv/app/a.py:12:5", "error at /srv/app/a.py:99:1"),
        ("invalid literal: 'x369'", "invalid literal: 'abc'"),
        ("bad row {'id': 7, 'name': 'x'}", "bad row {'id': 8, 'name': 'yy'}"),
        ("Expecting value: line 1 column 1 (char 0)", "Expecting value: line 20 column 3 (char 99)"),
        ("Card ****2028 declined", "Card ****9 declined"),
    ],
)
def test_what_varies_is_masked(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Cannot read properties of undefined (reading 'lines')",
            "Cannot read properties of undefined (reading 'cart')",
        ),
        ("Error code: 400 - bad", "Error code: 429 - bad"),
        ("HTTP 502", "HTTP 503"),
        ("status_code: 429, model_name: m, body: None", "status_code: 500, model_name: m, body: None"),
        ("'NoneType' object is not iterable", "'int' object is not iterable"),
        (
            "Error code: 400 - {'error': {'message': 'too long'}}",
            "Error code: 400 - {'error': {'message': 'no key'}}",
        ),
        ("GET https://api.test/a failed", "GET https://other.test/a failed"),
        ("order not found", "order not paid"),
    ],
)
def test_what_tells_bugs_apart_stays(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)
