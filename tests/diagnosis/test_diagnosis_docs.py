"""docs/diagnosis.md says what a diagnosis does: its thresholds, its modules, its example by hand."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from diagnosis.detection import own_time
from diagnosis.detection.rules import ALL_SIGNAL_TYPES, WINDOW_RULES, cancelled_call, missing_call
from diagnosis.diagnose import diagnose
from diagnosis.evals.formats import FORMATS
from diagnosis.evals.formats import registry as format_registry
from diagnosis.issues import impact, issue_records, quiet_since, trend
from diagnosis.issues.contrast import failing_inputs, record_contrast
from diagnosis.issues.hints import cluster_hints, facts, hint_reading, judge, population, search
from diagnosis.issues.hints.hint import HintTable
from diagnosis.loops import next_action, quiet_loops
from diagnosis.packets.publishing import packet_as_answered
from telemetry.agent_runs import repeated_calls, unfounded_answers
from telemetry.conventions import registry as convention_registry
from telemetry.conventions.registry import Convention
from telemetry.grouping import message_forms
from telemetry.grouping.message_template import template_of
from telemetry.signals import SIGNALS
from telemetry.signals import registry as signal_registry
from telemetry.stacks import reading as stack_reading
from telemetry.store.runs import kept_runs
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests import ROOT
from tests.telemetry.factory import minutes, span, store

PAGE = (ROOT / "docs" / "diagnosis.md").read_text()
TEXT = " ".join(PAGE.split())
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLUSTER = "clu_db9864a94a23d0de"


def missing(claims: list[str]) -> list[str]:
    """Those that the page does not make."""
    return [claim for claim in claims if claim not in TEXT]


def run(n: int, region: str, fails: bool) -> list[dict[str, Any]]:
    """One run of the page's example."""
    facts = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup_order",
        "region": region,
        "session.id": f"chat-{n}",
    }
    error, about = (
        f"order A-{n} not found" if fails else "",
        {"error.type": "shop.OrderNotFound"} if fails else {},
    )
    at = NOW - minutes(30 - n)
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"}
    around = {"trace": n, "id": f"a{n}", "at": at, "attributes": agent, "error": error if n == 1 else ""}
    return [
        span("invoke_agent support", **around),
        span(
            "execute_tool lookup_order", trace=n, parent=f"a{n}", at=at, error=error, attributes=facts | about
        ),
    ]


def test_a_diagnosis_finds_in_the_example_what_the_page_says(alice: MintedProject) -> None:
    runs = [run(n, "eu" if n <= 8 else "us", fails=n <= 6) for n in range(1, 19)]
    store(alice.project, [one for made in runs for one in made], NOW)

    [issue] = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 60), NOW))["issues"]

    [hint] = issue["hints"]
    assert (issue["cluster_id"], issue["count"], issue["trend"]) == (CLUSTER, 6, "unclear")
    assert issue["echoes"] == {"records": 1, "operations": ["agent support"]}
    assert (hint["attribute"], hint["value"], hint["support"], hint["records"]) == ("region", "eu", 6, 8)
    assert (
        missing([f"**{issue['severity_reason']}**", f"**`{issue['cluster_id']}`**", f"**{hint['lift']}**"])
        == []
    )


def test_the_fingerprint_by_hand_adds_up() -> None:
    line = re.search(r"^    3 \|.+$", PAGE, re.M)
    assert line
    parts = [part.strip() for part in line[0].split("|")]

    digest = blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()

    assert f"clu_{digest}" == CLUSTER
    assert template_of("order A-1 not found", message_forms.FORMS) == parts[-1]


def test_the_hint_by_hand_adds_up() -> None:
    terms = (
        6 * math.log(6 * 18 / (8 * 6)) + 2 * math.log(2 * 18 / (8 * 12)) + 10 * math.log(10 * 18 / (10 * 12))
    )

    g, p = search.g_test(6, 8, 6, 18), HintTable(6, 2, 6, 12).p

    assert math.isclose(g, 2 * terms)
    assert math.isclose(p, math.comb(8, 6) / math.comb(18, 6))
    assert missing([f"= {g:.1f}`", f"`p = C(8, 6) / C(18, 6) = {p:.4f}`"]) == []


def test_the_thresholds_are_those_of_the_code() -> None:
    claims = [
        f"{impact.LARGE_SHARE * 100:g} % of the operation's records or more fail this way, in "
        f"{impact.LARGE_SHARE_RECORDS} records or more",
        f"{impact.MANY_PEOPLE} sessions or users or more",
        f"`rising` at {trend.RISING_RATIO:g} times the rate or more, `falling` at {trend.FALLING_RATIO} times or less",
        f"from {trend.ENOUGH} records' difference",
        f"a chance below {trend.CHANCE * 100:g} % divided by the number of clusters",
        f"each diagnosis measures {quiet_loops.MOST}",
        f"Below {quiet_since.CHANCE * 100:g} % the failure is quiet",
        f"up to {population.COUNTED:,} records of these operations in a window of up to "
        f"{population.LOOKED_THROUGH:,}",
        f"looks through {population.COARSE:,} records of the window, or {population.FINE:,} where the operations "
        f"have at most {population.RARE:,}",
        f"up to {hint_reading.FAILURES} failures and {cluster_hints.OTHERS:,} other records",
        f"{facts.LONGEST} characters at most",
        f"below {search.CHANCE * 100:g} % divided",
        f"in {search.SUPPORT} failures or more",
        f"of {search.LIFT} or more",
        f"fewer than {search.REPEATED} records a value",
        f"the {search.STRONGEST} strongest values, and the {search.STRONGEST} that fewest other records have of those "
        f"that {search.SHARED * 100:g} % of the failures share",
        f"of up to {search.MOST_VALUES} values",
        f"must be {search.BETTER} times that of each part",
        f"{judge.MOST} hints at most",
        f"up to {record_contrast.MOST} values that differ, those that hints name first, of {record_contrast.LONGEST} "
        "characters at most",
        f"up to {issue_records.LOOKED_AT} of all clusters together and {issue_records.FEWEST_LOOKED_AT} of each at "
        "least",
        f"Up to {failing_inputs.MOST} are shown, most frequent first, cut at {failing_inputs.LONGEST} characters",
        f"the same result, {repeated_calls.THRESHOLD} times in one trace",
        f"medium from {repeated_calls.MANY} calls on",
        f"{kept_runs.MOST_RECORDS:,} records",
        f"{repeated_calls.MOST_READ} model calls",
        f"the run's last {unfounded_answers.LAST} model",
        f"at least {cancelled_call.TIMES} times that of the window before, and {cancelled_call.MORE * 100:g} % of the "
        f"calls more, in {cancelled_call.FEWEST} calls or more",
        f"at a level of {cancelled_call.CHANCE * 100:g} % divided by the number of operations",
        f"{missing_call.USUAL * 100:g} % of the traces before made the call",
        f"at most {missing_call.LEFT * 100:g} % of that share",
        f"{missing_call.CHANCE * 100:g} % divided by the number of calls that are compared",
        f"in {missing_call.FEWEST} traces on each side",
        f"more than {own_time.TRACES}, from a sample of {own_time.TRACES // 2} to {own_time.TRACES}",
    ]

    assert missing(claims) == []


def test_what_a_new_file_offers_is_what_the_registries_ask_for() -> None:
    optional = [part for part in vars(Convention) if part.isupper()]  # those with a value
    asked = {
        "signal of a record": [part for part in signal_registry.PARTS if "|" not in part],
        "rule over windows": ["SIGNAL", "ABOUT", "COMPARES", "find", "RUN_RULE", "visits"],
        "form of an eval": format_registry.PARTS,
        "convention of an instrumentation": [*convention_registry.PARTS, *optional],
        "language of stacks": stack_reading.PARTS,
    }
    rows = {name: PAGE.partition(f"\n| {name} |")[2].partition("\n")[0] for name in asked}

    assert {
        name: [part for part in parts if f"`{part}`" not in rows[name]] for name, parts in asked.items()
    } == {name: [] for name in asked}


def test_every_form_of_an_eval_has_its_row() -> None:
    rows = [
        f"\n| `{form.NAME}` | {form.ABOUT} | `{form.MEDIA_TYPE}` | `{form.__name__.replace('.', '/')}.py` |\n"
        for form in FORMATS.values()
    ]

    assert [row for row in rows if row not in PAGE] == []


def test_every_signal_and_status_and_module_is_named_and_there() -> None:
    rows = [
        f"| `{rule.SIGNAL}` | {rule.ABOUT} | `{rule.__name__.replace('.', '/')}.py` |"
        for rule in WINDOW_RULES.rules.values()
    ]
    signals = [
        f"\n| `{signal.SIGNAL}` | {signal.ABOUT}" in PAGE
        and f"`{signal.__name__.replace('.', '/')}.py` |" in PAGE
        for signal in SIGNALS.signals.values()
    ]
    modules = re.findall(r"`((?:telemetry|diagnosis)/(?:\w+/)?\w+\.py)`", PAGE)

    assert [name for name in ALL_SIGNAL_TYPES if f"\n| `{name}` |" not in PAGE] == []
    assert all(signals)
    assert [row for row in rows if f"\n{row}\n" not in PAGE] == []
    assert [status for status in next_action.STATUS.values() if f"`{status}` (" not in TEXT] == ["rejected"]
    assert [module for module in modules if not (ROOT / module).exists()] == []
