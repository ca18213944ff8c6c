"""The sentences of plans, reasons and next steps are those of the code, whatever was sent: none of them quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from diagnosis.detection.rules import ALL_SIGNALS
from diagnosis.issues import plan_sentences, suspected_release
from diagnosis.loops import next_action
from diagnosis.loops.shown_issue import SUSPECTED
from diagnosis.packets import publishing
from diagnosis.verification import verification_document
from diagnosis.window import releases
from loopkit.demo import recordings
from telemetry.windows import unix_nano
from tenants.keys.provisioning import MintedProject
from tests.security.exports.hostile_project import build_hostile_project
from tests.security.voice.canaries import CanaryWorld

# LoopKit's own facts inside sentences: ids, counts, times, shares, names of formats.
FACTS = (
    (r"\b(rec|loop|clu|pkt)_[0-9a-f]+\b", "<id>"),
    (r"\d{1,2} \w{3} \d{4}, \d\d:\d\d(:\d\d)? UTC", "<time>"),
    (r"format=(pytest|promptfoo)", "format=<format>"),
    (r"trace_id=[0-9a-f]{32}", "trace_id=<trace_id>"),
    (rf"\((?:{'|'.join(ALL_SIGNALS)})\)", "(<signal_type>)"),
    (r"\d[\d,.]*%?", "<n>"),
    (r"\b(record|rating|trace|session|user|failure)s?\b", "<noun>"),
)
# The severity and its reasons, as docs/diagnosis.md#severity has them.
BASE = r"(low|medium|high|critical): the worst of its <noun> and the downstream <noun> around them"
RISES = "the rate rises against the window before"
RAISED = rf"\+<n>: (<n> of the operation (fails|is slow|is rated down)|<n> <noun>( of <n> <noun>)? are hit|{RISES})"
SEVERITY = re.compile(rf"{BASE}|(low|medium|high|critical) \({BASE}(; {RAISED})+\)")


def normalised(sentence: str) -> str:
    """The sentence with LoopKit's own facts replaced by their kinds."""
    for pattern, kind in FACTS:
        sentence = re.sub(pattern, kind, sentence)
    return sentence


def closed() -> set[str]:
    """Every sentence that the code has for plans, suspicions, evals and next steps."""
    templates = {
        *plan_sentences.SENTENCES, suspected_release.REASON, SUSPECTED,
        verification_document.NEEDED_FAST, verification_document.NEEDED_WITHOUT_FAILURE,
        verification_document.NEEDED_UNLIKELY, verification_document.NEEDED_AS_OFTEN,
        verification_document.NEEDED_AS_SLOW, verification_document.NEEDED_OVER,
        releases.UNKNOWN, releases.UNNAMED, releases.OF_ANOTHER,
        *(signal.EXPECTATION for signal in ALL_SIGNALS.values()),
    }  # fmt: skip
    own = {
        "<record_id>": "<id>", "/<loop_id>/": "/<id>/", "<healthy>": "<n> healthy <noun>", "<more>": "<n> more <noun>",
        "<failures> of <records>": "<n> of <n> <noun>", "<time>": "<time>", "<cluster_id>": "<id>",
        "<shared> of the <traces>": "<n> of the <n>",
        **dict.fromkeys(("<support>", "<failures>", "<failures_read>", "<others>", "<other_records>"), "<n>"),
    }  # fmt: skip
    sentences = set()
    for template in templates:
        for name, kind in own.items():
            template = template.replace(name, kind)
        sentences |= {normalised(template), normalised(template.replace("/<id>/", "/<loop_id>/"))}
    ways_on = next_action.WAYS_ON.format(id="loop_1")
    instead = [
        f"{text} {ways}"
        for text in next_action.INSTEAD.values()
        for ways in (next_action.WAYS_ON, next_action.WITHOUT_VERDICT)
    ]
    steps = {
        text.format(id="loop_1", back="", joined_to="loop_1", refused=refused, ways_on=ways_on)
        for text in (
            *next_action.NEXT.values(),
            *next_action.AFTER_VERDICT.values(),
            *next_action.AFTER_REPORT.values(),
            *instead,
        )
        for refused in ("rejected it", "gave it up")
    }
    return sentences | {normalised(step) for step in steps}


def sentences_of(issue: dict[str, Any]) -> Iterator[str]:
    """The sentences of an issue with a closed list."""
    plan = issue["patch_plan"]
    yield from (step["detail"] for step in plan["steps"])
    yield from (plan["verify"], plan["refuted_by"], issue["next_action"])
    if issue["suspected_release_reason"]:
        yield issue["suspected_release_reason"]


def check(packet: dict[str, Any]) -> int:
    """Assert that each issue of the packet has sentences of the code, and values for their placeholders; count them."""
    known, found = closed(), 0
    for issue in packet["issues"]:
        said = {normalised(sentence) for sentence in sentences_of(issue)}
        assert said <= known, said - known
        assert SEVERITY.fullmatch(normalised(issue["severity_reason"])), issue["severity_reason"]
        for step in issue["patch_plan"]["steps"]:
            names = set(re.findall(r"\{(\w+)\}", step["detail"]))
            assert names == set(step.get("with", {}).get("text", {})), step
        found += len(said)
    return found


def test_hostile_texts_of_every_format_are_in_no_sentence(db: None, call: Callable[..., Any]) -> None:
    packet = build_hostile_project(call).packet

    assert check(packet) > 100


@pytest.mark.parametrize("client", ["node-aisdk-v5", "py-openinference-langgraph"])
def test_recorded_clients_are_in_no_sentence(
    client: str, alice: MintedProject, call: Callable[..., Any]
) -> None:
    for request, _ in recordings.ending_at(client, unix_nano(timezone.now())):
        sent = call(
            "POST",
            "/v1/traces",
            alice.keys["producer"],
            request.body,
            **{"Content-Type": request.content_type},
        )
        assert sent.status_code in (200, 202)

    packet = call("POST", "/v1/runs/diagnose", alice.keys["agent"], {"since_minutes": 1440}).json()["packet"]

    assert check(packet) > 10


def test_canaries_are_in_no_sentence(world: CanaryWorld, call: Callable[..., Any]) -> None:
    packet = call("GET", f"/v1/packets/{world.ids['packet_id']}", world.keys["agent"]).json()["packet"]

    assert check(packet) > 10
    reasons = {
        packet["reason"],
        packet["next_action"],
        packet["completeness"]["note"],
        packet["approval_reason"],
    }
    assert publishing.APPROVAL_REASON in packet["approval_reason"]
    assert not any("zq" in reason for reason in reasons)
