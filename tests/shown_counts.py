"""
The numbers of failures as every surface of a project shows them, asked over HTTP: answers to the agent, and pages.

Each `of_...` function returns them by the name of the surface.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.test import Client

from diagnosis.models import Loop
from telemetry.windows import Window, rfc3339
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import page_of
from tests.generated_program import KINDS

QUEUE = "/admin/diagnosis/loop/"


@dataclass
class Shown:
    """The surfaces of one project, asked over HTTP."""

    minted: MintedProject
    call: Any
    browser: Client
    boss: Client

    def get(self, path: str) -> Any:
        """The JSON of an answer to the agent's key."""
        answer = self.call("GET", path, self.minted.keys["agent"])
        assert answer.status_code == 200, answer.content
        return answer.json()

    def post(self, path: str, **data: Any) -> Any:
        """The JSON of an answer to what the agent posts."""
        answer = self.call("POST", path, self.minted.keys["agent"], data)
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """All records of a list, a few a page."""
        cursor = ""
        while cursor is not None:
            page = self.get(f"{path}&limit=7{cursor and '&cursor='}{cursor}")
            yield from page["records"]
            cursor = page["next_cursor"]

    def diagnose(self, window: Window) -> dict[str, dict[str, Any]]:
        """The issues of the window, by kind."""
        return {kind_of(issue["message"]): issue for issue in self.packet(window)["issues"]}

    def packet(self, window: Window) -> dict[str, Any]:
        """The packet of the window."""
        until = rfc3339(window.end_unix_nano)
        answer = self.post("/v1/runs/diagnose", since_minutes=window.since_minutes, until=until)
        return dict(answer["packet"])


def kind_of(message: str) -> str:
    """The kind of failure that has this message; the message itself for one that is none."""
    return next((kind for kind, known in KINDS.items() if known == message), message)


def words(response: Any) -> str:
    """The text of a page, without markup."""
    text = re.sub(r"<[^>]*>", " ", response.content.decode())
    return re.sub(r"\s+", " ", text)


def found(pattern: str, text: str) -> Any:
    """The numbers that the pattern finds in the text; one number alone where it names one."""
    match = re.search(pattern, text)
    assert match, f"{pattern} is not in {text[:4000]}"
    groups = [group for group in match.groups() if group is not None]
    numbers = tuple(0 if group == "no" else int(group.replace(",", "")) for group in groups)
    return numbers[0] if len(numbers) == 1 else numbers


def of_issue(issue: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an issue, by surface."""
    impact = issue["impact"]
    return {
        "issue": (issue["count"], impact["records"], impact["operation_records"], impact["share"]),
        "issue, who": (impact["traces"], impact["sessions"], impact["users"]),
        "issue, what it caused": issue["echoes"]["records"],
        "issue, where": {name: counts_by(issue, name) for name in ("environment", "release")},
        "issue, when": (issue["first_seen"], issue["last_seen"]),
        "issue, since the last": (issue["quiet_since"]["since"], issue["quiet_since"]["records"]),
        "plan": found(r"window of this packet, ([\d,]+) of ([\d,]+) record", issue["patch_plan"]["verify"]),
    }


def counts_by(issue: dict[str, Any], name: str) -> dict[str, tuple[int, int]]:
    """Failures and exposure of each environment or release that the issue names; "" for none."""
    assert issue[f"further_{name}s"] == {"number": 0, "failures": 0, "exposure": 0}
    return {row[name] or "": (row["failures"], row["exposure"]) for row in issue[f"{name}s"]}


def named_in(text: str, label: str, quote: str, between: str) -> dict[str, tuple[int, int]]:
    """The same in a document or on a page, after this label."""
    number = r"(\d{1,3}(?:,\d{3})*)"
    one = rf"(?:(?:{quote})?([\w.]+|not named)(?:{quote})?{between}{number} of {number})"
    match = re.search(rf"{label}((?:{one}(?:, )?)+)", text)
    assert match, f"{label} is not in {text[:4000]}"
    return {
        "" if name == "not named" else name: (int(failures.replace(",", "")), int(exposure.replace(",", "")))
        for name, failures, exposure in re.findall(one, match[1])
    }


def of_ratings(issue: dict[str, Any], kinds: dict[str, str], rated: frozenset[str]) -> dict[str, Any]:
    """The numbers of an issue of user signals. `kinds`: those of all issues by cluster; `rated`: what it may list."""
    impact, ratings = issue["impact"], issue["ratings"]
    assert (issue["count"], impact["operation_records"]) == (ratings["bad"], ratings["all"])
    return {
        "ratings": ratings,
        **{name: impact[name] for name in ("traces", "sessions", "users")},
        "listed": (len(set(issue["traces"]) & rated), rated),
        "shared": {
            kinds[shared["cluster_id"]]: (shared["traces"], shared["of_traces"])
            for shared in issue["shared_traces"]
        },
    }


def of_reads(shown: Shown, issue: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an issue's records, sessions and loop, by surface."""
    records = list(shown.pages(issue["evidence_url"]))
    caused = list(shown.pages(f"{issue['evidence_url']}&attribution=downstream"))
    sessions = shown.get(f"{issue['evidence_url'].replace('telemetry', 'sessions')}&limit=500")
    return {
        "evidence_url": {record["record_id"] for record in records},
        "evidence_url, what it caused": {record["record_id"] for record in caused},
        "sessions of the cluster": sessions["count"],
        "loop": shown.get(f"/v1/loops/{issue['loop_id']}")["failures"],
        "evidence is of it": set(issue["evidence_ids"]) <= {record["record_id"] for record in records},
    }


SINCE = r"The last failure was at [^;]*; ([\d,]+) record|and (no) record"


def of_pages(shown: Shown, issue: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an issue on its pages, by surface."""
    loop = Loop.objects.get(loop_id=issue["loop_id"])
    page, issue_page = (
        words(shown.boss.get(page_of(loop))),
        words(shown.browser.get(f"/dashboard/issues/{issue['cluster_id']}")),
    )
    return {
        "loop page": found(r"([\d,]+) failures?: [\d.]+% of the ([\d,]+) records of the operation", page),
        "loop page, who": found(r"Affected ([\d,]+) users? in ([\d,]+) session", page),
        "loop page, where": {
            name: named_in(page, f"By {name} ", "", r"\s*: ") for name in ("environment", "release")
        },
        "issue page, where": {
            name: named_in(issue_page, f"Failures by {name} ", "", r"\s*: ")
            for name in ("environment", "release")
        },
        "loop page, since the last": found(SINCE, page),
        "issue page, since the last": found(SINCE, issue_page),
        "loop page, course": found(r"This window : ([\d,]+) failures? in ([\d,]+) records", page),
        "issue page": found(r"Failures ([\d,]+) ", issue_page),
    }


def of_hints(shown: Shown, issue: dict[str, Any], said: str) -> dict[str, bool]:
    """Whether each surface says this of the strongest hint."""
    loop = Loop.objects.get(loop_id=issue["loop_id"])
    return {
        "plan": any(said in step["detail"] for step in issue["patch_plan"]["steps"]),
        "loop page": said in words(shown.boss.get(page_of(loop))),
        "issue page": said in words(shown.browser.get(f"/dashboard/issues/{issue['cluster_id']}")),
    }


@dataclass(frozen=True, slots=True)
class Overview:
    """The report, the dashboard and the queue of a project, read once for all issues."""

    report: str
    state: dict[str, Any]
    page: str
    queue: str

    @classmethod
    def read(cls, shown: Shown) -> Overview:
        """As they are now."""
        answer = shown.call("GET", "/v1/reports/latest.md", shown.minted.keys["agent"])
        state = shown.get("/v1/dashboard?since_minutes=60")
        page, queue = shown.browser.get("/dashboard"), shown.boss.get(QUEUE)
        return cls(answer.content.decode(), state, words(page), words(queue))


def of_overview(overview: Overview, issue: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an issue in the report and on the dashboard, by surface."""
    [section] = [part for part in overview.report.split("## Issue") if issue["message"] in part]
    packet, loops = overview.state["packet"], overview.state["loops"]
    [in_packet] = [each for each in packet["issues"] if each["cluster_id"] == issue["cluster_id"]]
    [loop] = [each for each in loops if each["cluster_id"] == issue["cluster_id"]]
    return {
        "report": found(r"failures: ([\d,]+) of ([\d,]+) records?; sessions: ([\d,]+)", section),
        "report, where": {
            name: named_in(section, f"failures by {name}: ", "`", " ") for name in ("environment", "release")
        },
        "report, since the last": found(SINCE, section),
        "dashboard, packet": (in_packet["count"], in_packet["impact"]["operation_records"]),
        "dashboard, loops": loop["failures"],
        "queue, seen": found(
            rf"{re.escape(issue['message'])} .*? ([\d,]+) failures?, ([\d,]+) users?", overview.queue
        ),
        "dashboard page": found(rf"{re.escape(issue['message'])} .*? ([\d,]+)×", overview.page),
    }


def of_handoff(shown: Shown, loop: Loop) -> dict[str, Any]:
    """The numbers of an approved loop in its handoff, by surface."""
    path = f"/v1/loops/{loop.loop_id}/handoff"
    text = shown.call("GET", f"{path}?format=md", shown.minted.keys["agent"]).content.decode()
    bundle = shown.get(path)
    return {
        "handoff": (bundle["issue"]["count"], bundle["issue"]["impact"]["operation_records"]),
        "handoff, plan": found(
            r"window of this packet, ([\d,]+) of ([\d,]+) record", bundle["patch_plan"]["verify"]
        ),
        "handoff.md": found(r"failures: ([\d,]+) of ([\d,]+) records? of the operation", text),
        "handoff.md, where": {
            name: named_in(text, f"failures by {name}: ", "`", " ") for name in ("environment", "release")
        },
        "handoff.md, who": found(r"sessions: ([\d,]+), users: ([\d,]+)", text),
        "handoff.md, plan": found(r"window of this packet, ([\d,]+) of ([\d,]+) record", text),
    }


def of_verification(shown: Shown, loop: Loop, shipped_at: datetime) -> dict[str, Any]:
    """The numbers of a verification of the loop, whose fix shipped then, by surface."""
    Loop.objects.filter(pk=loop.pk).update(state=Loop.State.SHIPPED, shipped_at=shipped_at, baseline=None)
    answer = shown.post("/v1/runs/verify", loop_id=loop.loop_id)
    page, issue_page = (
        words(shown.boss.get(page_of(loop))),
        words(shown.browser.get(f"/dashboard/issues/{loop.cluster_id}")),
    )
    sides = {side: (answer[side]["failures"], answer[side]["exposure"]) for side in ("before", "after")}
    labels = {"before": "Before the fix", "after": "Since the fix"}
    counts = r" ([\d,]+) failures? in ([\d,]+) record"
    return {
        "verify": sides,
        "verify, names it": {answer[side]["counted"] for side in sides},
        "verify, evidence": set(answer["evidence_ids"]),
        "loop page": {side: found(label + counts, page) for side, label in labels.items()},
        "issue page": {side: found(label + counts, issue_page) for side, label in labels.items()},
        "verify, expected": round(answer["expected_failures"], 6),
    }


def of_window(shown: Shown) -> tuple[Window, dict[str, Any]]:
    """The numbers of all records of a window that ends now, and that window."""
    state = shown.get("/v1/dashboard?since_minutes=200")
    page = words(shown.browser.get("/dashboard?since_minutes=200"))
    counts = {name: state["counts"][name] for name in ("records", "failures")}
    rows = {row["operation"]: (row["records"], row["failures"]) for row in state["operations"]}
    failed = list(shown.pages("/v1/telemetry?since_minutes=200&outcome=failure"))
    return Window.from_document(state["window"]), {
        "dashboard": counts,
        "dashboard, operations": rows,
        "dashboard page": {
            "records": found(r"Records ([\d,]+) ", page),
            "failures": found(r"Failed records ([\d,]+) ", page),
        },
        "failed records": len(failed),
    }
