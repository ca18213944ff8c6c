"""
What a project of hostile telemetry gives out over HTTP, read by the parser of each format: everything is data.

Markdown: https://spec.commonmark.org/0.31.2/. Atom: https://datatracker.ietf.org/doc/html/rfc4287.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from doctest import DocTestParser
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from django.test import Client
from markdown_it import MarkdownIt
from markdown_it.token import Token

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.display.visible_json import visible_json
from diagnosis.evals.formats.inert_text import neutral_name
from diagnosis.models import Loop, Notice, Tracker
from diagnosis.notices import feed_keys, notice_text
from loopkit.demo.packet_text import packet_lines
from loopkit.http.untrusted import WARNING
from loopkit.management.commands.demo import Command as Demo
from tests.diagnosis.console_requests import decide
from tests.diagnosis.factory import NOW
from tests.module_data import ModuleData
from tests.security.exports.hostile_project import RECORDED, HostileProject, build_hostile_project
from tests.security.exports.test_promptfoo_export import ACTIVE
from tests.security.exports.test_pytest_export import FIRST_LINES, examples_of
from tests.staff_clients import operator

Get = Callable[[str], Any]
APPROVED = 12
TRACKERS = {
    "github": "https://github.com/acme/shop", "gitlab": "https://gitlab.com/acme/shop",
    "jira": "https://acme.atlassian.net", "linear": "https://linear.app/team/ENG",
}  # fmt: skip
# No other kind of block or span may come out of a text from telemetry.
ALLOWED = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close",
    "ordered_list_open", "ordered_list_close", "list_item_open", "list_item_close", "blockquote_open",
    "blockquote_close", "fence", "inline", "text", "softbreak", "code_inline", "text_special",
}  # fmt: skip


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any], call: Callable[..., Any]) -> Iterator[ModuleData]:
    """The hostile project, diagnosed, in which a human approved some loops."""

    def build() -> HostileProject:
        made = build_hostile_project(call)
        for kind, url in TRACKERS.items():
            Tracker.objects.create(
                project=made.minted.project, kind=kind, url=url, jira_project=10000, jira_issue_type=10001
            )
        boss = operator()
        hidden_first = sorted(Loop.objects.all(), key=lambda loop: show_hidden(loop.title) == loop.title)
        for loop in hidden_first[:APPROVED]:
            assert decide(boss, loop, "approve", "![x](http://127.0.0.1:9) <b>yes</b>").status_code == 302
        return made

    yield from build_module_data(build)


@pytest.fixture
def made(module_data: ModuleData, db: None) -> HostileProject:
    """The project as built."""
    built: HostileProject = module_data.built
    return built


@pytest.fixture
def get(made: HostileProject, call: Callable[..., Any]) -> Get:
    """GET with the agent key."""
    return lambda path: call("GET", path, made.minted.keys["agent"])


@pytest.fixture
def handoffs(get: Get) -> list[Any]:
    """The handoff of each approved loop, as JSON."""
    loops = Loop.objects.filter(state="approved").values_list("loop_id", flat=True)
    answers = [get(f"/v1/loops/{loop_id}/handoff") for loop_id in loops]
    assert [answer.status_code for answer in answers] == [200] * APPROVED
    return [answer.json() for answer in answers]


def offered(get: Get, made: HostileProject, form: str) -> Iterator[tuple[Any, bytes]]:
    """Each eval that is offered in that form: its JSON and the file."""
    for issue in made.packet["issues"]:
        path = f"/v1/evals/{issue['eval_candidate']}"
        answer = get(f"{path}?format={form}")
        if answer.status_code == 400:
            assert answer.json()["error"]["code"] == "format_not_offered", answer.content
            continue
        yield get(path).json(), answer.content


def tokens_of(markdown: str) -> list[Token]:
    """Every block and span of a Markdown text, with tables, struck text and bare links on."""
    blocks = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    return [token for block in blocks for token in (block, *(block.children or ()))]


def test_every_promptfoo_file_has_its_texts_as_inert_variables(made: HostileProject, get: Get) -> None:
    sent = []
    for document, content in offered(get, made, "promptfoo"):
        recorded = document["cases"][0]["input"]
        config = yaml.load(content, yaml.CSafeLoader)
        [test] = config["tests"]

        sent.append(json.loads(test["vars"]["input"]))

        # The API's JSON shows hidden characters by number; the file gives the model what was recorded.
        text = sent[-1] if isinstance(recorded, str) else visible_json(sent[-1].encode())
        assert show_hidden(text) == recorded if isinstance(text, str) else json.loads(text) == recorded
        assert not [text for text in test["vars"].values() if ACTIVE.search(text)]
        assert (
            config["description"]
            == f"{WARNING} {neutral_name(document['eval_id'])}: 1 of 1 cases have an input"
        )
    assert len(sent) > len(RECORDED) * 0.9
    assert any("range.constructor" in text for text in sent)


def test_every_pytest_file_has_its_texts_as_literals(made: HostileProject, get: Get) -> None:
    files = [content for _, content in offered(get, made, "pytest")]

    assert len(files) > len(RECORDED) * 0.9
    for content in files:
        assert examples_of(content) == []
        assert show_hidden(content.decode()) == content.decode()
        assert content.startswith(FIRST_LINES)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_every_json_file_is_one_line_a_case_for_every_reader(
    made: HostileProject, get: Get, form: str
) -> None:
    for document, content in offered(get, made, form):
        lines = content.decode().splitlines()  # at U+2028 and U+0085, too, as some readers of JSONL do

        assert show_hidden(content.decode()) == content.decode()
        assert [json.loads(line)["eval_id"] for line in lines] == [document["eval_id"]]


def test_markdown_from_telemetry_is_text_and_code_alone(made: HostileProject, get: Get) -> None:
    loops = Loop.objects.filter(state="approved").values_list("loop_id", flat=True)
    paths = ["/v1/reports/latest.md", *[f"/v1/loops/{loop_id}/handoff?format=md" for loop_id in loops]]
    for path in paths:
        text = get(path).content.decode()

        assert {token.type for token in tokens_of(text)} <= ALLOWED
        assert DocTestParser().get_examples(text) == []  # what pytest --doctest-glob=*.md would run
        assert show_hidden(text) == text


def test_the_zip_has_fixed_names_and_readable_files(
    made: HostileProject, get: Get, handoffs: list[Any]
) -> None:
    for bundle in handoffs:
        packed = zipfile.ZipFile(BytesIO(get(f"/v1/loops/{bundle['loop_id']}/handoff?format=zip").content))

        assert all(name.isascii() and name.replace("/", "").replace("_", "").replace("-", "").replace(".", "").isalnum()
                   for name in packed.namelist())  # fmt: skip
        for info in packed.infolist():
            content = packed.read(info).decode()
            assert info.filename.count("/") <= 1
            assert ".." not in info.filename
            assert show_hidden(content) == content, info.filename
            if info.filename.endswith(".jsonl"):
                assert all(json.loads(line) for line in content.splitlines())


def test_links_to_trackers_have_one_host_and_the_known_fields(
    made: HostileProject, handoffs: list[Any]
) -> None:
    fields = {
        "github": {"title", "body"}, "gitlab": {"issue[title]", "issue[description]"},
        "jira": {"pid", "issuetype", "summary", "description"}, "linear": {"title", "description"},
    }  # fmt: skip
    for bundle in handoffs:
        for link in bundle["new_issue_links"]:
            parts = urlsplit(link["url"])

            assert link["url"].startswith(TRACKERS[link["tracker"]] + "/")
            assert set(parse_qs(parts.query)) == fields[link["tracker"]]
            assert link["url"].isascii()
            assert not set(link["url"]) & set(" <>\"'`\\{}|^\n\r")


def test_feeds_and_mail_are_plain_text(made: HostileProject) -> None:
    key = feed_keys.mint_feed_key(made.minted.project.tenant, "chat", NOW)[0]
    client = Client(headers={"Authorization": f"Bearer {key}"})

    atom = ElementTree.fromstring(client.get("/v1/notices.atom").content)
    feed = client.get("/v1/notices.json").json()

    namespace = "{http://www.w3.org/2005/Atom}"
    assert {element.tag.removeprefix(namespace) for element in atom.iter()} == {
        "feed", "subtitle", "title", "link", "id", "updated", "author", "name", "entry", "published", "category",
        "content",
    }  # fmt: skip
    assert {element.get("type") for element in atom.iter(f"{namespace}content")} == {"text"}
    assert not [item for item in feed["items"] if "content_html" in item]
    texts = [item[name] for item in feed["items"] for name in ("title", "content_text")]
    texts += [
        notice_text.mail_body(list(Notice.objects.all())),
        notice_text.subject(list(Notice.objects.all())),
    ]
    assert [text for text in texts if show_hidden(text) != text or "<" in text] == []


def test_the_demo_prints_no_escape_sequence(made: HostileProject) -> None:
    printed = StringIO()
    demo = Demo(stdout=printed)
    packet = made.packet | {
        "memory": [{"state": "held", "title": issue["title"]} for issue in made.packet["issues"]]
    }

    for first in range(0, len(packet["issues"]), 8):
        for line in packet_lines(packet | {"issues": packet["issues"][first:]}):
            demo.say(line)

    assert show_hidden(printed.getvalue()) == printed.getvalue()
