"""Every text that a handoff gives out was on the page that approved it, or in the whole content that it linked to."""

from __future__ import annotations

import io
import json
import re
import zipfile
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.models import Loop
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import decide, page_of, text
from tests.security.approvals.failing_shop import diagnose, stored_loop
from tests.staff_clients import operator
from tests.telemetry.factory import minutes, request, span

CANARY = re.compile(r"zq[a-z0-9.]+q[a-z]+qz")
LEFT_OUT = re.compile(r"([\d,]+) characters of the content are not on this page")


def own(place: str, number: int) -> str:
    """A word that stands in this place of this record alone."""
    return f"zq{place}q{chr(97 + number)}qz"


def attributes(place: str, number: int, more: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Attributes with a word of their own as a name, a text, in a list and inside of a map."""
    values = [
        (own(f"{place}name", number), {"stringValue": "x"}),
        (f"{place}.text", {"stringValue": own(f"{place}text", number)}),
        (f"{place}.list", {"arrayValue": {"values": [{"stringValue": own(f"{place}item", number)}]}}),
        (
            f"{place}.map",
            {"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": own(f"{place}map", number)}}]}},
        ),
        *((name, {"stringValue": value}) for name, value in (more or {}).items()),
    ]
    return [{"key": key, "value": value} for key, value in values]


def failing_body(number: int, words: int) -> dict[str, Any]:
    """A failure, with a word of its own in every field that a producer can choose and that does not group it."""
    at = timezone.now() - minutes(number + 1)
    call = {
        "session.id": own("session", number),
        "user.id": own("user", number),
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "ship",
        "gen_ai.tool.call.arguments": json.dumps({"to": own("input", number) + " x" * words}),
        "gen_ai.tool.call.result": own("output", number),
        "gen_ai.request.model": own("model", number),
    }
    failed = span("ship", trace=f"u{number}", id="in", at=at, error="late") | {
        "attributes": attributes("span", number, call),
        "traceState": f"v={own('state', number)}",
        "events": [
            {
                "timeUnixNano": str(int(at.timestamp() * 1e9)),
                "name": own("event", number),
                "attributes": attributes("event", number),
            }
        ],
        "links": [
            {
                "traceId": f"{number + 1:032x}",
                "spanId": f"{number + 1:016x}",
                "traceState": f"v={own('linkstate', number)}",
                "attributes": attributes("link", number),
            }
        ],
    }
    body = request(failed)
    resource = body["resourceSpans"][0]
    resource["resource"]["attributes"] += attributes("resource", number)
    resource["scopeSpans"][0]["scope"] = {
        "name": own("scope", number),
        "version": own("version", number),
        "attributes": attributes("scope", number),
    }
    return body


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


def given_out(call: Any, shop: MintedProject, loop: Loop) -> str:
    """All that the handoff gives out, in each of its forms."""
    path, key = f"/v1/loops/{loop.pk}/handoff", shop.keys["agent"]
    answers = [call("GET", path + form, key) for form in ("", "?format=md", "?format=zip")]
    assert {answer.status_code for answer in answers} == {200}
    with zipfile.ZipFile(io.BytesIO(answers[2].content)) as archive:
        files = [archive.read(name).decode() for name in archive.namelist()]
    return "\n".join([*(answer.content.decode() for answer in answers[:2]), *files])


def whole_content(boss: Client, loop: Loop) -> dict[str, Any]:
    """All pages of each part of the content that the loop's page links to."""
    path = reverse("admin-whole-content", args=[loop.pk])
    parts = {}
    for name in boss.get(path).context["names"]:
        first = boss.get(path, {"part": name})
        pages = [
            first,
            *(boss.get(path, {"part": name, "page": n}) for n in range(2, first.context["pages"] + 1)),
        ]
        parts[name] = unescape("".join(map(text, pages)))
    return parts


@pytest.mark.parametrize(
    ("failures", "healthy", "words"), [(1, 0, 0), (1, 3, 0), (12, 0, 0), (12, 3, 0), (3, 0, 5_000)]
)
def test_every_text_of_the_handoff_was_shown_or_counted_and_linked(
    alice: MintedProject, boss: Client, call: Any, failures: int, healthy: int, words: int
) -> None:
    well = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "ship"}
    bodies = [failing_body(number, words) for number in range(failures)]
    bodies += [
        request(span("ship", trace=f"w{n}", at=timezone.now() - minutes(40), attributes=well))
        for n in range(healthy)
    ]
    for body in bodies:
        assert call("POST", "/v1/traces", alice.keys["producer"], body).status_code == 202
    diagnose(call, alice)
    loop = stored_loop()
    page, linked = unescape(text(boss.get(page_of(loop)))), whole_content(boss, loop)
    assert decide(boss, loop, "approve").status_code == 302

    given = set(CANARY.findall(given_out(call, alice, loop)))

    unseen = given - set(CANARY.findall(page))
    said = LEFT_OUT.search(page)
    counted = int(said[1].replace(",", "")) if said else 0
    records = min(failures, 5)
    assert len(given) == 29 * records  # of a span, its traceState alone is not given out
    assert unseen - set(CANARY.findall("".join(linked.values()))) == set()
    assert counted >= sum(map(len, unseen))
    assert bool(unseen) is (failures > 1)
    assert bool(counted) is (failures > 1 or words > 0)


@pytest.mark.parametrize("chosen", range(3))
def test_whichever_record_is_chosen_the_others_are_counted(
    alice: MintedProject, boss: Client, call: Any, chosen: int
) -> None:
    for number in range(3):
        call("POST", "/v1/traces", alice.keys["producer"], failing_body(number, 0))
    diagnose(call, alice)
    loop = stored_loop()

    page = unescape(text(boss.get(page_of(loop), {"record": loop.issue["evidence_ids"][chosen]})))

    every = {
        own(place, number)
        for number in range(3)
        for place in ("spantext", "eventitem", "linkmap", "scopename")
    }
    said = LEFT_OUT.search(page)
    assert said
    assert len(every - set(CANARY.findall(page))) == 8
    assert "which shows 2 of 3 records in one line each" in page
