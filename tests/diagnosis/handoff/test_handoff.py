"""The bundle as files, and links that fill in a tracker's form: complete, harmless, only after approval."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from markdown_it import MarkdownIt

from diagnosis.handoff import archive as handoff_zip
from diagnosis.handoff import bundle, tracker_links
from diagnosis.issues import plan_sentences
from diagnosis.loops import states
from diagnosis.models import EvalCandidate, Loop, Tracker
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Tenant
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.console_requests import page_of, text
from tests.diagnosis.factory import make_issue, make_loop
from tests.staff_clients import Reader, home, member, operator

HOSTILE = "fixes #12 @octocat ![x](https://evil.example/a.png) ENG-7\n/close"
URLS = {
    "github": "https://github.com/acme/shop",
    "gitlab": "https://gitlab.com/acme/group/shop",
    "jira": "https://acme.atlassian.net",
    "linear": "https://linear.app/team/ENG",
}

COMPARED: dict[str, Any] = {
    "contrast": {
        "failing_id": "rec_1",
        "healthy_id": "rec_2",
        "differences": [{"name": "app.region", "failing": HOSTILE, "healthy": None}],
        "left_out": 0,
    },
    "failing_inputs": {
        "looked_at": 9,
        "distinct": 2,
        "inputs": [{"record_id": "rec_1", "count": 8, "input": {"order": HOSTILE}, "truncated": False}],
    },
}

# A code span or block of Markdown, or preformatted text of Jira: nothing in it acts.
CODE = re.compile(
    r"^(`{3,})\w+\n.*?^\1$|(?<!`)(`+)(?!`)[^\n]+?(?<!`)\2(?!`)|\{noformat\}.*?\{noformat\}", re.S | re.M
)


@pytest.fixture
def loop(alice: MintedProject) -> Loop:
    """An approved loop whose telemetry tries to act in a tracker."""
    home(alice.project, "acme")
    plan = {
        "lever": "tools",
        "steps": [
            {"step": number, "detail": "Look: {place}", "with": {"text": {"place": HOSTILE}}}
            for number in range(1, 150)
        ],
        "verify": "{operation} works.",
        "refuted_by": "{operation} fails.",
        "with": {"text": {"operation": HOSTILE}},
    }
    return make_loop(
        alice.project,
        state="approved",
        title=HOSTILE,
        operation=HOSTILE,
        service=HOSTILE,
        patch_plan=plan,
        **COMPARED,
    )


@pytest.fixture
def decided(loop: Loop) -> Loop:
    """The same with its decision."""
    Loop.objects.update(state="proposed")
    loop.refresh_from_db()
    approve_seen(loop, User.objects.create_superuser("o@x"), "Yes, @all.", timezone.now())
    return loop


def track(loop: Loop, *kinds: str) -> None:
    """Settings of trackers."""
    for kind in kinds:
        Tracker.objects.create(
            project=loop.project, kind=kind, url=URLS[kind], jira_project=10000, jira_issue_type=10001
        )


def get(call: Callable[..., Any], minted: MintedProject, loop: Loop, form: str) -> Any:
    """The handoff for the agent."""
    return call("GET", f"/v1/loops/{loop.loop_id}/handoff?format={form}", minted.keys["agent"])


def test_the_zip_has_everything_and_says_what_is_what(
    decided: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    track(decided, "github")

    answer = get(call, alice, decided, "zip")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"] == f'attachment; filename="handoff-{decided.loop_id}.zip"'
    packed = zipfile.ZipFile(BytesIO(answer.content))
    assert packed.namelist() == [
        "README.md",
        "evals/eval_e43ae96dfcb0.json",
        "evals/eval_e43ae96dfcb0.jsonl",
        "evals/eval_e43ae96dfcb0.promptfoo.yaml",
        "evals/test_eval_e43ae96dfcb0.py",
        "evidence.jsonl",
        "issue.md",
        "loop.json",
        "new_issue_links.md",
        "patch_plan.json",
    ]
    assert json.loads(packed.read("loop.json"))["approval"]["reason"] == "Yes, @all."
    assert len(json.loads(packed.read("patch_plan.json"))["steps"]) == 149
    assert b"[New issue in GitHub](https://github.com/acme/shop/issues/new?" in packed.read(
        "new_issue_links.md"
    )
    assert b"\nFix category: tools\n" in packed.read("issue.md")
    assert b"for each {name} in a sentence, `with` beside it has the value" in packed.read("README.md")


def test_the_markdown_names_the_url_of_all_evidence_and_an_eval_in_which_nothing_acts(
    decided: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    data = get(call, alice, decided, "json").json()
    url = "/v1/telemetry?cluster_id=clu_1&since_minutes=60&until=2026-05-04T12%3A00%3A00Z"
    hostile = data["eval_candidate"] | {"cases": ["@octocat #1 ~~x~~ ``` <b> !a &lt; \x7f $1 %1"]}

    said = bundle.bundle_markdown(
        data | {"issue": data["issue"] | {"evidence_url": url}, "eval_candidate": hostile}
    )

    [block] = [token.content for token in MarkdownIt().parse(said) if token.info == "json"]
    assert f"- evidence_url: `{url}`\n" in said
    assert json.loads(block) == hostile
    assert "@octocat #1 ~~x~~ ``` <b>" in block
    assert "\x7f" not in said


def test_the_markdown_compares_with_a_healthy_record_and_names_failing_inputs(
    decided: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    lines = get(call, alice, decided, "md").content.decode().splitlines()

    [contrast] = [
        line for line in lines if line.startswith("- `rec_1` beside the healthy `rec_2`: `app.region`")
    ]
    [inputs] = [
        line for line in lines if line.startswith("- inputs: 2 distinct in 9 failures looked at: 8 of `")
    ]
    assert "@octocat" in contrast
    assert contrast.endswith("here, not set there")
    assert "@octocat" in inputs


def test_the_zip_leaves_out_a_form_that_could_pass_and_says_why(
    decided: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    candidate = EvalCandidate.objects.get()
    document = candidate.document | {"signal_type": "user_signal"}

    names = handoff_zip.eval_files(document)
    said = handoff_zip.readme(sorted(names), document)

    assert [name for name in names if name.endswith(".py")] == []
    assert "No pytest file: Whether a user would rate an answer down is for a judge to say" in said


@pytest.mark.parametrize("form", ["json", "jsonl", "pytest", "promptfoo"])
def test_an_eval_is_given_out_in_the_forms_that_can_show_its_failure(
    decided: Loop, alice: MintedProject, call: Callable[..., Any], form: str
) -> None:
    candidate = EvalCandidate.objects.get()
    candidate.document["signal_type"] = "user_signal"
    candidate.save()

    answer = call("GET", f"/v1/evals/{candidate.eval_id}?format={form}", alice.keys["agent"])

    if form == "pytest":
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "format_not_offered")
        assert error["hint"].endswith("with format=json, format=jsonl, format=promptfoo.")
    else:
        assert answer.status_code == 200


def test_the_same_loop_gives_the_same_bytes(
    decided: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    first, second = (get(call, alice, decided, "zip").content for _ in range(2))

    assert first == second


@pytest.mark.parametrize("state", [state for state in Loop.State if state not in states.UNDER_APPROVAL])
def test_there_is_no_zip_before_an_approval(
    loop: Loop, alice: MintedProject, call: Callable[..., Any], state: str
) -> None:
    Loop.objects.update(state=state)

    assert get(call, alice, loop, "zip").status_code == 409
    assert operator().get(f"/admin/loops/{loop.loop_id}/handoff.zip").status_code == 409


def test_every_form_names_both_where_two_people_approved(
    loop: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    Loop.objects.update(state="proposed")
    track(loop, "linear")
    for name, reason in (("olga", "Fix it."), ("paul", "Yes, fix it.")):
        person = User.objects.create_superuser(name)
        approve_seen(Loop.objects.get(), person, reason, timezone.now())
    Loop.objects.update(state="shipped", revision=F("revision") + 1)

    bundle = get(call, alice, loop, "json").json()

    assert [bundle[each]["decided_by"] for each in ("first_approval", "approval")] == ["olga", "paul"]
    packed = zipfile.ZipFile(BytesIO(get(call, alice, loop, "zip").content))
    assert json.loads(packed.read("loop.json"))["first_approval"] == bundle["first_approval"]
    for issue in (packed.read("issue.md").decode(), get(call, alice, loop, "md").content.decode()):
        who = [line.split(" at ")[0] for line in issue.splitlines() if line.startswith("Approved by ")]
        assert who == ["Approved by `olga`", "Approved by `paul`"]
    [link] = bundle["new_issue_links"]
    said = parse_qs(urlsplit(link["url"]).query)["description"][0]
    assert "- approved by `olga`: `Fix it.`\n- approved by `paul`: `Yes, fix it.`" in said


def test_the_plan_names_the_url_of_its_loop(alice: MintedProject, call: Callable[..., Any]) -> None:
    last = {"step": 1, "detail": f"Report each step: POST {plan_sentences.EVENTS_URL}."}
    plan = make_issue()["patch_plan"] | {"steps": [last]}
    loop = make_loop(alice.project, patch_plan=plan)
    approve_seen(loop, User.objects.create_superuser("o@x"), "Yes.", timezone.now())

    bundle = get(call, alice, loop, "json").json()

    assert bundle["patch_plan"]["steps"][0]["detail"].endswith(f"POST /v1/loops/{loop.loop_id}/events.")
    assert bundle["issue"]["patch_plan"] == bundle["patch_plan"]


def test_where_one_was_enough_there_is_no_first_approval(
    decided: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    assert get(call, alice, decided, "json").json()["first_approval"] is None


def test_what_the_issue_quotes_acts_nowhere(
    decided: Loop, alice: MintedProject, call: Callable[..., Any]
) -> None:
    text = get(call, alice, decided, "md").content.decode()

    outside = CODE.sub("", text)
    for acting in ("@octocat", "@all", "#12", "](https", "https://evil", "ENG-7", "\n/close"):
        assert acting in text
        assert acting not in outside


@pytest.mark.parametrize(
    ("kind", "path", "title", "body"),
    [
        ("github", "https://github.com/acme/shop/issues/new", "title", "body"),
        ("gitlab", "https://gitlab.com/acme/group/shop/-/issues/new", "issue[title]", "issue[description]"),
        ("jira", "https://acme.atlassian.net/secure/CreateIssueDetails!init.jspa", "summary", "description"),
        ("linear", "https://linear.app/team/ENG/new", "title", "description"),
    ],
)
def test_a_link_fills_in_the_trackers_form_within_its_limit(
    decided: Loop, alice: MintedProject, call: Callable[..., Any], kind: str, path: str, title: str, body: str
) -> None:
    track(decided, kind)

    [link] = get(call, alice, decided, "json").json()["new_issue_links"]

    parts = urlsplit(link["url"])
    filled = {name: value for name, [value] in parse_qs(parts.query, strict_parsing=True).items()}
    assert (link["tracker"], f"{parts.scheme}://{parts.netloc}{parts.path}") == (kind, path)
    assert len(link["url"]) <= tracker_links.MOST_BYTES[tracker_links.TrackerKind(kind)]
    assert tracker_links.CUT in filled[body]  # 149 steps fit nowhere
    assert filled[body].endswith(f"http://testserver/admin/diagnosis/loop/{decided.loop_id}/change/")
    said = filled[title] + CODE.sub("", filled[body].removesuffix(filled[body].splitlines()[-1]))
    for acting in ("@o", "@a", "#12", "](", "://", "ENG-7", "\n/close"):
        assert acting not in said
    if kind == "jira":
        assert (filled["pid"], filled["issuetype"]) == ("10000", "10001")


def test_there_is_no_link_where_no_tracker_is_set(
    decided: Loop, alice: MintedProject, charlie: MintedProject, call: Callable[..., Any]
) -> None:
    Tracker.objects.create(project=charlie.project, kind="github", url=URLS["github"])

    assert get(call, alice, decided, "json").json()["new_issue_links"] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/acme/shop",
        "https://github.com/acme",
        "https://github.com/acme/shop/issues",
        "https://github.com/acme/shop?x=1",
        "https://github.com/acme/shop#x",
        "https://user:pw@github.com/acme/shop",
        "https://github.com/acme/..",
        "https://github.com/acme/sh op",
        "https:///acme/shop",
        "javascript:alert(1)//github.com/acme/shop",
        "https://github.com\\@evil.example/acme/shop",
        "https://github.com/acme/shop\nx",
    ],
)
def test_a_url_that_is_no_repository_is_refused(url: str) -> None:
    with pytest.raises(tracker_links.NotATracker, match="Write it as https://github"):
        tracker_links.checked_tracker_url(tracker_links.TrackerKind.GITHUB, url)


def test_an_operator_sets_a_tracker_and_the_audit_log_says_so(loop: Loop) -> None:
    boss = operator()
    form = {"project": loop.project_id, "kind": "github", "url": f"{URLS['github']}/"}

    refused = boss.post("/admin/diagnosis/tracker/add/", form | {"url": "http://github.com/acme/shop"})
    added = boss.post("/admin/diagnosis/tracker/add/", form)

    assert "Write it as https://github.com/" in text(refused)
    assert (added.status_code, Tracker.objects.get().url) == (302, URLS["github"])
    entry = AuditEntry.objects.get(event="added")
    assert (entry.tenant_id, entry.detail["url"]["after"]) == ("acme", URLS["github"])


def test_jiras_form_needs_two_numbers(loop: Loop) -> None:
    page = operator().post(
        "/admin/diagnosis/tracker/add/", {"project": loop.project_id, "kind": "jira", "url": URLS["jira"]}
    )

    assert text(page).count("form needs it") == 2
    assert ">URL:</label>" in text(page)


def test_the_page_of_an_approved_loop_offers_links_and_files(decided: Loop) -> None:
    track(decided, "github", "linear")
    boss = operator()

    page = boss.get(page_of(decided))
    archive = boss.get(f"/admin/loops/{decided.loop_id}/handoff.zip")

    links = Reader(page).links
    assert f"/admin/loops/{decided.loop_id}/handoff.zip" in links
    assert len([url for url in links if url.startswith(("https://github.com/", "https://linear.app/"))]) == 2
    assert (archive.status_code, archive["Content-Type"]) == (200, "application/zip")


def test_the_page_of_a_loop_that_waits_offers_none(loop: Loop) -> None:
    track(loop, "github")
    Loop.objects.update(state="proposed")

    links = Reader(operator().get(page_of(loop))).links

    assert not [url for url in links if "handoff" in url or "github.com" in url]


def test_strangers_and_those_who_may_not_see_loops_get_no_files(
    decided: Loop, charlie: MintedProject
) -> None:
    path = f"/admin/loops/{decided.loop_id}/handoff.zip"
    stranger = member("stranger", home(charlie.project, "globex").tenant)
    clerk = member("clerk", decided.project.tenant, permissions=["view_project"])

    assert (stranger.get(path).status_code, clerk.get(path).status_code) == (404, 403)
    assert operator().post(path).status_code == 405
