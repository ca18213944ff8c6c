"""Feeds of notices: for one tenant's key, valid, bounded, quiet while nothing is new."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from diagnosis.loops import lifecycle
from diagnosis.models import FeedKey, Loop, Notice
from diagnosis.notices import feed_keys
from tenants.keys.provisioning import MintedProject
from tenants.models import Tenant
from tests.diagnosis.factory import NOW, make_loop
from tests.staff_clients import home

ATOM = "{http://www.w3.org/2005/Atom}"
PATHS = ["/v1/notices.json", "/v1/notices.atom"]
HOSTILE = "tool <b>x</b>: @all see https://evil.example \x1b]]>&amp;"


@pytest.fixture
def loop(alice: MintedProject) -> Loop:
    """A loop of the tenant acme."""
    home(alice.project, "acme")
    return make_loop(alice.project, title=HOSTILE)


@pytest.fixture
def key(loop: Loop) -> str:
    """The tenant's feed key."""
    return feed_keys.mint_feed_key(loop.project.tenant, "chat", NOW)[0]


def basic(key: str, name: str = "feed") -> str:
    """The header of HTTP Basic."""
    return f"Basic {base64.b64encode(f'{name}:{key}'.encode()).decode()}"


def get(path: str, authorization: str, **headers: str) -> Any:
    """One request of a feed reader."""
    return Client(headers={"Authorization": authorization, **headers}).get(path)


def decide(loop: Loop, times: int) -> None:
    """So many more notices."""
    for _ in range(times):
        lifecycle.append_event(loop, "decided", "olga", NOW, verb="approve")


def test_a_json_feed_says_what_changed(loop: Loop, key: str) -> None:
    answer = get("/v1/notices.json", f"Bearer {key}")

    feed = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/feed+json")
    assert (feed["version"], feed["title"]) == ("https://jsonfeed.org/version/1.1", "LoopKit: acme inc")
    assert feed["feed_url"] == "http://testserver/v1/notices.json"
    [item] = feed["items"]
    assert item["id"] == f"urn:uuid:{Notice.objects.get().notice_id}"
    assert item["url"] == f"http://testserver/admin/diagnosis/loop/{loop.loop_id}/change/"
    assert item["_loopkit"]["kind"] == "new"
    assert "content_html" not in item


def test_an_atom_feed_says_the_same(loop: Loop, key: str) -> None:
    answer = get("/v1/notices.atom", basic(key))

    assert answer["Content-Type"] == "application/atom+xml"
    root = ElementTree.fromstring(answer.content)
    [entry] = root.findall(f"{ATOM}entry")
    assert [child.text for child in root if child.tag == f"{ATOM}title"] == ["LoopKit: acme inc"]
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{Notice.objects.get().notice_id}"
    assert {child.tag.removeprefix(ATOM) for child in entry} == {
        "id", "title", "updated", "published", "link", "category", "content",
    }  # fmt: skip


def test_an_entry_has_its_kind_as_category_and_its_sentence_as_plain_text(loop: Loop, key: str) -> None:
    entry = ElementTree.fromstring(get("/v1/notices.atom", basic(key)).content).find(f"{ATOM}entry")

    assert entry is not None
    assert [child.attrib for child in entry.findall(f"{ATOM}category")] == [{"term": "new"}]
    [content] = entry.findall(f"{ATOM}content")
    assert content.attrib == {"type": "text"}
    assert "tool ‹b›x‹/b›: @ all see" in str(entry.findtext(f"{ATOM}title"))
    assert loop.loop_id in str(content.text)


def test_an_atom_feed_has_what_atom_requires_whatever_the_tenant_is_called(loop: Loop, key: str) -> None:
    Tenant.objects.filter(projects=loop.project).update(name="<a> & b]]> \x00\u202e")

    root = ElementTree.fromstring(get("/v1/notices.atom", basic(key)).content)

    assert root.findtext(f"{ATOM}title") == "LoopKit: <a> & b]]> ⟨U+0000⟩⟨U+202E⟩"
    for element in (root, root.find(f"{ATOM}entry")):
        assert element is not None
        assert {f"{ATOM}{name}" for name in ("id", "title", "updated")} <= {child.tag for child in element}
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "LoopKit"


@pytest.mark.parametrize("path", PATHS)
def test_telemetry_is_text_that_does_nothing(key: str, path: str) -> None:
    content = get(path, f"Bearer {key}").content.decode()

    for acting in ("<b>", "&lt;b", "@all", "https://evil", "\x1b"):
        assert acting not in content


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("user", ["", "feed", "a b", "ü"])
def test_a_reader_may_send_the_key_as_a_password(key: str, path: str, user: str) -> None:
    assert get(path, basic(key, user)).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_that_works_there_is_no_feed(
    loop: Loop, key: str, path: str, alice: MintedProject
) -> None:
    others = [*alice.keys.values(), key[:-1] + ("1" if key.endswith("0") else "0"), ""]
    wrong = [
        "",
        "Basic",
        "Basic !!",
        "Bearer lk_feed_x",
        *map(basic, others),
        *map("Bearer {}".format, others),
    ]

    answers = [get(path, header) for header in wrong]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer["WWW-Authenticate"].partition(" ")[0] for answer in answers} == {"Basic"}
    assert get(f"{path}?key={key}", "").status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_a_revoked_key_stops_working_at_once(key: str, path: str) -> None:
    assert get(path, basic(key)).status_code == 200

    FeedKey.objects.update(revoked_at=NOW)

    assert get(path, basic(key)).status_code == 401


@pytest.mark.parametrize("path", ["/v1/loops", "/v1/packets", "/v1/telemetry", "/v1/traces"])
def test_a_feed_key_opens_nothing_else(key: str, path: str, call: Callable[..., Any]) -> None:
    assert call("POST" if path == "/v1/traces" else "GET", path, key).status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_a_feed_holds_one_tenant_alone(loop: Loop, key: str, charlie: MintedProject, path: str) -> None:
    home(charlie.project, "globex")
    stranger, _ = feed_keys.mint_feed_key(charlie.project.tenant, "theirs", NOW)
    make_loop(charlie.project, title="charlies words")

    mine, theirs = get(path, basic(key)).content, get(path, basic(stranger)).content

    assert loop.loop_id.encode() in mine
    assert b"charlies words" not in mine
    assert loop.loop_id.encode() not in theirs
    assert b"charlies words" in theirs


@pytest.mark.parametrize("path", PATHS)
def test_nothing_new_is_304_and_something_new_is_not(loop: Loop, key: str, path: str) -> None:
    first = get(path, basic(key))
    known = {"If-None-Match": first["ETag"]}

    again = get(path, basic(key), **known)
    by_time = get(path, basic(key), **{"If-Modified-Since": first["Last-Modified"]})
    decide(loop, 1)
    changed = get(path, basic(key), **known)

    assert (again.status_code, again.content, by_time.status_code) == (304, b"", 304)
    assert (changed.status_code, first["Cache-Control"]) == (200, "private, no-cache, no-store")
    assert get(path, "", **known).status_code == 401


def test_pages_lead_on_without_gap_or_repeat(loop: Loop, key: str) -> None:
    decide(loop, 6)
    seen: list[str] = []
    path: str | None = "/v1/notices.json?limit=3"

    while path:
        page = get(path, basic(key)).json()
        seen += [item["id"] for item in page["items"]]
        path = page.get("next_url", "").removeprefix("http://testserver") or None

    newest_first = Notice.objects.values_list("notice_id", flat=True)
    assert seen == [f"urn:uuid:{one}" for one in newest_first]
    links = ElementTree.fromstring(get("/v1/notices.atom?limit=3", basic(key)).content).findall(f"{ATOM}link")
    assert [link.get("rel") for link in links] == ["alternate", "self", "next"]


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "cursor=!", "key=x"])
def test_a_bad_parameter_is_refused(key: str, query: str) -> None:
    assert get(f"/v1/notices.json?{query}", basic(key)).status_code == 400


def test_ids_and_times_stay_when_the_loop_goes_on(loop: Loop, key: str) -> None:
    before = get("/v1/notices.json", basic(key)).json()["items"]

    Loop.objects.update(state="held", title="another", severity=1)

    assert get("/v1/notices.json", basic(key)).json()["items"] == before


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_feed_is_a_feed(alice: MintedProject, path: str) -> None:
    key, _ = feed_keys.mint_feed_key(home(alice.project, "acme").tenant, "chat", NOW)

    first = get(path, basic(key))

    assert first.status_code == 200
    assert get(path, basic(key), **{"If-None-Match": first["ETag"]}).status_code == 304


def test_a_key_is_in_no_log(loop: Loop, key: str, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)

    get("/v1/notices.json", basic(key))
    get("/v1/notices.json", basic(key[:-1] + "0"))
    get("/v1/nothing", basic(key))

    assert key[8:20] not in caplog.text
    assert key not in str(list(FeedKey.objects.values()))


@pytest.mark.parametrize(("kind", "said"), [("agent", "an agent key"), ("producer", "a producer key")])
def test_a_projects_key_at_a_feed_is_named(alice: MintedProject, kind: str, said: str) -> None:
    answer = get("/v1/notices.json", f"Bearer {alice.keys[kind]}")

    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == f"This is {said} of a project, not a feed key."
    assert "Send a feed key" in answer.json()["error"]["hint"]
