"""Who saw no evidence, or only a part of it, cannot approve; and what they typed is kept."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.display import readable
from diagnosis.loops import content_hash
from diagnosis.models import Decision, EvalCandidate, Loop
from telemetry.models import Record
from tenants.keys.provisioning import MintedProject
from tenants.models import Tenant
from tenants.stores import pool
from tenants.stores.binding import bind
from tests.diagnosis.console_requests import decide, page_of, text
from tests.security.approvals.failing_shop import diagnose, send_orders, stored_loop
from tests.staff_clients import Reader, home, member, operator
from tests.telemetry.factory import request, span

APPROVE_BUTTON = 'value="approve"'
WHY = "I looked at every record"


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


@pytest.fixture
def shop(alice: MintedProject, call: Any) -> MintedProject:
    """A project with one loop that waits."""
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    return alice


class Moved:
    """The project's file, away while the block runs."""

    def __init__(self, shop: MintedProject) -> None:
        name = shop.project.project_id
        self.path = next(Path(settings.LOOPKIT_DATA_DIR, "projects").glob(f"{name}.sqlite3"))

    def __enter__(self) -> None:
        pool.close_all()
        self.path.rename(self.path.with_suffix(".away"))

    def __exit__(self, *_: Any) -> None:
        self.path.with_suffix(".away").rename(self.path)


def send_form(boss: Client, verb: str, seen: dict[str, str], **changes: str) -> Any:
    """Send the form that an earlier page offered, with these changes."""
    loop = stored_loop()
    known = {name: seen[name] for name in ("revision", "packet", "content") if name in seen}
    return boss.post(page_of(loop), known | {"verb": verb, "reason": WHY} | changes)


def test_a_page_of_the_time_when_the_file_was_away_does_not_approve_once_it_is_back(
    shop: MintedProject, boss: Client
) -> None:
    with Moved(shop):
        page = boss.get(page_of(stored_loop()))
    seen = Reader(page).inputs

    answer = send_form(boss, "approve", seen)

    assert (page.status_code, seen["content"], APPROVE_BUTTON in text(page)) == (200, "", False)
    assert answer.status_code == 409
    assert "did not show the whole evidence" in text(answer)
    assert WHY in text(answer)
    assert (stored_loop().state, Decision.objects.count()) == ("proposed", 0)


@pytest.mark.parametrize("content", ["", " ", None, "0" * 64, "x"])
def test_a_form_without_the_hash_or_with_another_does_not_approve(
    shop: MintedProject, boss: Client, content: str | None
) -> None:
    seen = Reader(boss.get(page_of(stored_loop()))).inputs
    if content is None:
        del seen["content"]
    else:
        seen["content"] = content

    answer = send_form(boss, "approve", seen)

    assert (answer.status_code, stored_loop().state) == (409, "proposed")
    assert WHY in text(answer)
    assert "Nothing was recorded." in text(answer)


@pytest.mark.parametrize("verb", ["reject", "return"])
def test_a_page_without_evidence_rejects_and_returns_also_while_the_file_is_away(
    shop: MintedProject, boss: Client, verb: str
) -> None:
    with Moved(shop):
        answer = decide(boss, stored_loop(), verb)

    assert answer.status_code == 302


def lose_a_record(shop: MintedProject) -> None:
    """One of the records of the evidence."""
    with bind(shop.project):
        Record.objects.filter(span_id=bytes.fromhex(stored_loop().issue["evidence_ids"][0][-16:])).delete()


def lose_the_eval(shop: MintedProject) -> None:
    """The eval that the issue names."""
    EvalCandidate.objects.all().delete()


def edit_the_issue(shop: MintedProject) -> None:
    """What the page shows, and not the packet's own."""
    Loop.objects.update(issue=stored_loop().issue | {"title": "another"})


@pytest.mark.parametrize("lose", [lose_a_record, lose_the_eval, edit_the_issue])
def test_a_page_that_shows_a_part_offers_no_approval_and_approves_nothing(
    shop: MintedProject, boss: Client, lose: Any
) -> None:
    before = Reader(boss.get(page_of(stored_loop()))).inputs
    lose(shop)

    page = boss.get(page_of(stored_loop()))
    answers = [send_form(boss, "approve", seen) for seen in (Reader(page).inputs, before)]

    assert APPROVE_BUTTON not in text(page)
    assert "nobody can approve" in text(page)
    assert answers[0].status_code == 409
    if lose is not edit_the_issue:  # then the earlier page showed what is decided on
        assert (answers[1].status_code, stored_loop().state) == (409, "proposed")


def test_the_second_of_two_must_have_seen_it_too(shop: MintedProject, boss: Client) -> None:
    tenant = home(shop.project, "acme").tenant
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    olga, paul = (member(name, tenant, permissions=["view_loop", "decide_loop"]) for name in ("olga", "paul"))
    decide(olga, stored_loop(), "approve")
    with Moved(shop):
        seen = Reader(paul.get(page_of(stored_loop()))).inputs

    answer = send_form(paul, "approve", seen)

    assert (answer.status_code, stored_loop().state) == (409, "proposed")
    assert decide(paul, stored_loop(), "approve").status_code == 302
    assert stored_loop().state == "approved"


@pytest.fixture
def long_values(shop: MintedProject, call: Any) -> Loop:
    """A loop whose evidence has long values, long names, long lists and hidden characters."""
    attributes = {
        "prompt": "".join(f"line {number}\u200b\n" for number in range(2_000)),
        "n" * 5_000: "x",
        "short": "\u202eabc",
        **{f"key.{number}": f"value {number}" for number in range(230)},
    }
    failing = span(
        "weigh", trace="long", id="long", at=timezone.now(), error="no scales", attributes=attributes
    )
    assert call("POST", "/v1/traces", shop.keys["producer"], request(failing)).status_code == 202
    diagnose(call, shop)
    return Loop.objects.select_related("project__tenant").get(operation="weigh")


def whole_parts(boss: Client, loop: Loop) -> dict[str, list[tuple[str, str]]]:
    """The rows of all pages of each part of the whole content that the loop's page links to."""
    path = reverse("admin-whole-content", args=[loop.pk])
    assert f'href="{path}"' in text(boss.get(page_of(loop)))
    parts = {}
    for name in boss.get(path).context["names"]:
        first = boss.get(path, {"part": name})
        pages = [boss.get(path, {"part": name, "page": n + 1}) for n in range(first.context["pages"])]
        parts[name] = [row for page in pages for row in page.context["rows"]]
    return parts


SENTENCE = re.compile(r"(?:^|\.)(?:detail|verify|refuted_by|suspected_release_reason)$")
NAME = re.compile(r"\{[a-z_]+\}")


def template_of(row: str) -> str:
    """The sentence in a row, which is HTML, without the values in it: these have rows of their own."""
    return unescape(
        re.sub(r'(?:<q class="lk-value"><code>[^<]*</code></q>(?:, )?)+', "", row)
        .replace("<code>", "`")
        .replace("</code>", "`")
    )


def joined(rows: list[tuple[str, str]]) -> dict[str, str]:
    """The whole values by name."""
    values: dict[str, str] = {}
    for name, part in rows:
        name = re.sub(r" \([\d,]+ to [\d,]+ of [\d,]+ characters\)$", "", name)
        values[name] = values.get(name, "") + part
    return values


def test_all_that_the_handoff_gives_out_is_offered_whole_beside_the_decision(
    shop: MintedProject, long_values: Loop, boss: Client, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readable, "PAGE", 10_000)
    page = text(boss.get(page_of(long_values)))
    parts = whole_parts(boss, long_values)
    decide(boss, long_values, "approve")
    given = call("GET", f"/v1/loops/{long_values.pk}/handoff", shop.keys["agent"]).json()

    (record,) = given["evidence"]
    live = {"patch_plan", *content_hash.LIVE_FIELDS}
    expected = {
        "issue": {name: value for name, value in given["issue"].items() if name not in live},
        "plan": given["patch_plan"],
        "eval": given["eval_candidate"],
        record["record_id"]: record,
    }
    for part, value in expected.items():
        shown = joined(parts[part])
        for name, inner in readable.leaves(value):
            short = name if len(name) <= 200 else f"{name[:200]}…"
            # The answer shows hidden characters by their number already.
            if SENTENCE.search(name):
                assert template_of(shown[short]) == NAME.sub("", inner), name
            else:
                assert shown[short] == readable.plain_text(inner), name
    assert shown[f"the whole name of attributes.{'n' * 189}…"] == f"attributes.{'n' * 5000}"
    cut = re.search(r"([\d,]+) characters of the content are not on this page", page)
    assert cut
    assert int(cut[1].replace(",", "")) > 20_000


def test_the_whole_content_is_the_tenants_own_and_escaped(
    shop: MintedProject, long_values: Loop, boss: Client
) -> None:
    home(shop.project, "acme")
    path = reverse("admin-whole-content", args=[long_values.pk])
    stranger = member("zoe", Tenant.objects.create(tenant_id="other", name="other"))
    record_id = long_values.issue["evidence_ids"][0]

    page = text(boss.get(path, {"part": record_id}))

    assert stranger.get(path).status_code == 404
    assert {boss.get(path, {"part": name}).status_code for name in ("x", "rec_1", "")} == {404}
    assert "\u202e" not in page
    assert "⟨U+202E⟩abc" in page


@pytest.mark.parametrize(("failing", "says"), [(1, False), (2, True)])
def test_a_page_that_leaves_nothing_out_says_so_of_nothing(
    alice: MintedProject, boss: Client, call: Any, failing: int, says: bool
) -> None:
    send_orders(call, alice, orders=8, failing=failing)
    diagnose(call, alice)

    page = text(boss.get(page_of(stored_loop())))

    assert ("of the content are not on this page" in page) is says
    assert ("which shows 1 of 2 records in one line" in page) is says


def test_many_loops_at_once_cannot_be_approved(shop: MintedProject, boss: Client) -> None:
    data = {"action": "approve_selected", "_selected_action": [stored_loop().pk], "reason": "all"}

    boss.post("/admin/diagnosis/loop/", data)

    assert stored_loop().state == "proposed"
