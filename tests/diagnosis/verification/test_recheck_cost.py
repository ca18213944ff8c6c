"""What a diagnosis counts for a fix that is not decided: nothing twice, and nothing that only an answer shows."""

from __future__ import annotations

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from diagnosis.models import Loop
from diagnosis.statistics import rates
from diagnosis.statistics.overdispersion import Overdispersion, Pace
from diagnosis.statistics.rates import Counts
from diagnosis.verification import baseline, trajectory
from diagnosis.verification.rate_verdict import judge_rates
from diagnosis.verification.verify import recheck, verify
from diagnosis.window import environment_counts
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Record
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind, bound_alias
from tests.diagnosis.shipped_loop import SHIPPED, T0, Send, after


@pytest.fixture
def undecided(loop: Loop, send: Send) -> Loop:
    """A loop whose fix was analysed, and since then ran less than the next analysis needs."""
    send(SHIPPED, failing=9, ok=21)
    assert verify(loop, after(1)).verdict == "inconclusive"
    send(after(2), failing=1, ok=4)
    return loop


def test_environments_are_counted_only_for_an_answer(
    alice: MintedProject, undecided: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    counted = environment_counts.counts_by_environment
    monkeypatch.setattr(
        baseline, "counts_by_environment", lambda *args: [asked.append(args), counted(*args)][1]
    )

    assert recheck(alice.project, after(3)) == []
    assert asked == []

    document = verify(undecided, after(3)).document
    assert len(asked) == 1
    assert document["environments"][0]["after"] == {"failures": 10, "exposure": 35}


def test_sessions_of_failures_are_read_once(alice: MintedProject, undecided: Loop) -> None:
    with bind(alice.project), CaptureQueriesContext(connections[bound_alias()]) as statements:
        recheck(alice.project, after(3))

    of_sessions = [one for one in statements if 'FROM "telemetry_trace"' in one["sql"]]
    assert len(of_sessions) == 1


def test_what_two_fixes_share_is_read_once(alice: MintedProject, loop: Loop, send: Send) -> None:
    send(T0, failing=10, ok=30, cause="no card", name="pay")
    with bind(alice.project):
        other = Record.objects.filter(operation="pay", fingerprint__isnull=False)[0]
    loop.pk, loop.cluster_id, loop.operation = "loop_2", cluster_id(other.fingerprint or 0), "pay"
    loop.save(force_insert=True)
    send(SHIPPED, failing=9, ok=21)
    send(SHIPPED, failing=9, ok=21, cause="no card", name="pay")

    with bind(alice.project), CaptureQueriesContext(connections[bound_alias()]) as statements:
        stored = recheck(alice.project, after(1))

    sessions = [one for one in statements if "AS newest WHERE records" in one["sql"]]
    failed = [one for one in statements if "SELECT DISTINCT attribution.fingerprint" in one["sql"]]
    assert len(stored) == 2
    assert (len(sessions), len(failed)) == (2, 2)  # of the windows before and after
    shown = {verification.loop_id: verification.document["trajectory"] for verification in stored}
    assert shown["loop_2"] == verify(Loop.objects.get(pk="loop_2"), after(1)).document["trajectory"]


def test_what_is_needed_is_found_with_few_quantiles(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    quantile = rates.log_odds_quantile
    monkeypatch.setattr(
        rates, "log_odds_quantile", lambda tail, a, b: [asked.append(tail), quantile(tail, a, b)][1]
    )
    bursts = Overdispersion(burst_variance=0.4, batches=(12, 12), freedom=22)

    found = judge_rates(
        Counts(40, 9000), Counts(6, 9000), bursts, steady=bursts, pace=Pace((60, 60), (9000, 9000))
    )

    assert found.needed is not None
    assert found.needed > 1000
    assert len(asked) < 60  # one for each number that is tried; both bounds of both intervals were four


def test_no_tool_is_asked_about_where_a_service_has_no_trace(alice: MintedProject, undecided: Loop) -> None:
    with bind(alice.project):
        window = Window.ending(after(3), 600)
        with CaptureQueriesContext(connections[bound_alias()]) as statements:
            of_another = trajectory.read_trajectory(window, "billing")

        assert (of_another["sessions"], len(statements)) == (0, 1)
        assert trajectory.read_trajectory(window, "shop")["sessions"] > 0
