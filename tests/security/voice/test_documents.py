"""In documents, files, feeds and mail, what strangers wrote is in quotes; every one begins with the warning."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.evals.formats import FORMATS
from diagnosis.handoff import archive
from diagnosis.models import Notice
from diagnosis.notices import notice_text
from loopkit.http.untrusted import WARNING
from tests.security.voice.canaries import CANARY, CanaryWorld

# One line each: a code span of Markdown, preformatted text of Jira, or a quotation that nothing inside can end.
QUOTE = re.compile(r"(?<!`)(`+)(?!`)[^\n]+?(?<!`)\1(?!`)|\{noformat\}.*?\{noformat\}|“[^“”\n]*”")
FENCE = re.compile(r"^(`{3,})\w+\n.*?^\1$", re.S | re.M)
# Links to trackers and names of files are slugs and percent-encoded: no words of a sentence.
LINK = re.compile(r"\]\(https://[!-'*-~]+\)|\bevals/[a-z0-9._-]+")


def unquoted(text: str) -> list[str]:
    """The lines with a canary outside of quotes."""
    rest = LINK.sub("", QUOTE.sub("", FENCE.sub("", text)))
    return [line for line in rest.splitlines() if CANARY.search(line)]


@pytest.mark.parametrize("path", ["/v1/reports/latest.md", "/v1/loops/{loop_id}/handoff?format=md"])
def test_markdown_quotes_what_strangers_wrote(
    path: str, world: CanaryWorld, call: Callable[..., Any]
) -> None:
    text = call("GET", path.format_map(world.ids), world.keys["agent"]).content.decode()

    assert text.startswith(f"> {WARNING}\n")
    assert len(CANARY.findall(text)) > 5
    assert unquoted(text) == []
    assert not [line for line in text.splitlines() if line.startswith("#") and CANARY.search(line)]


def test_the_zip_quotes_what_strangers_wrote(world: CanaryWorld, call: Callable[..., Any]) -> None:
    path = f"/v1/loops/{world.ids['loop_id']}/handoff?format=zip"
    packed = zipfile.ZipFile(BytesIO(call("GET", path, world.keys["agent"]).content))

    for name in packed.namelist():
        text = packed.read(name).decode()
        assert WARNING in text.splitlines()[0] or WARNING in text.splitlines()[1], name
        assert show_hidden(text) == text, name
        if name.endswith(".md"):
            assert unquoted(text) == [], name
        if name.endswith((".json", ".jsonl")):
            for line in text.splitlines() if name.endswith("l") else [text]:
                assert next(iter(json.loads(line).items())) == ("warning", WARNING), name


@pytest.mark.parametrize("form", FORMATS)
def test_an_eval_file_says_first_that_it_holds_telemetry(
    form: str, world: CanaryWorld, call: Callable[..., Any]
) -> None:
    path = f"/v1/evals/{world.ids['eval_id']}?format={form}"

    content = call("GET", path, world.keys["agent"]).content.decode()

    assert content.find(WARNING) in range(40)
    assert CANARY.search(content)
    assert show_hidden(content) == content


def test_a_trackers_form_quotes_what_strangers_wrote(world: CanaryWorld, call: Callable[..., Any]) -> None:
    path = f"/v1/loops/{world.ids['loop_id']}/handoff"

    links = call("GET", path, world.keys["agent"]).json()["new_issue_links"]

    assert [link["tracker"] for link in links] == ["github", "jira"]
    for link in links:
        filled = parse_qs(urlsplit(link["url"]).query)
        texts = [
            texts[0] for name, texts in filled.items() if name in ("title", "body", "summary", "description")
        ]
        assert len(texts) == 2
        assert texts[1].startswith(WARNING)
        assert unquoted("\n".join(texts)) == []


def test_feeds_quote_what_strangers_wrote(world: CanaryWorld, call: Callable[..., Any]) -> None:
    feed = call("GET", "/v1/notices.json", world.keys["feed"]).json()
    atom = ElementTree.fromstring(call("GET", "/v1/notices.atom", world.keys["feed"]).content)

    assert next(iter(feed.items())) == ("user_comment", WARNING)
    assert atom.findtext("{http://www.w3.org/2005/Atom}subtitle") == WARNING
    texts = [item[name] for item in feed["items"] for name in ("title", "content_text")]
    assert len(CANARY.findall(" ".join(texts))) > 1
    assert unquoted("\n".join([*texts, *(element.text or "" for element in atom.iter())])) == []


def test_mail_quotes_what_strangers_wrote(world: CanaryWorld) -> None:
    notices = list(Notice.objects.all())

    body = notice_text.mail_body(notices)

    assert body.startswith(WARNING)
    assert unquoted(body) == []
    assert not CANARY.search(notice_text.subject(notices))


@pytest.mark.parametrize("page", ["llms.txt", "agents.md", "reference.md", "quickstart.md", "auth.md"])
def test_a_guide_says_first_that_telemetry_is_untrusted(
    page: str, db: None, call: Callable[..., Any]
) -> None:
    lines = call("GET", f"/{page}").content.decode().splitlines()

    assert lines[0].startswith("# LoopKit")
    assert lines[2].startswith(f"> {WARNING}")


def test_a_project_without_a_packet_has_a_report_with_the_warning(
    alice: Any, call: Callable[..., Any]
) -> None:
    assert (
        call("GET", "/v1/reports/latest.md", alice.keys["agent"])
        .content.decode()
        .startswith(f"> {WARNING}\n")
    )


def test_every_json_file_of_the_zip_comes_from_one_that_warns() -> None:
    assert json.loads(archive.pretty({"x": 1})) == {"warning": WARNING, "x": 1}
    assert json.loads(archive.json_line({"x": "\u202e"})) == {"warning": WARNING, "x": "⟨U+202E⟩"}
