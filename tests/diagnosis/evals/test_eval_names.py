"""Eval candidates: one a cluster, with a name that stays and never names two."""

from __future__ import annotations

from datetime import UTC, datetime

from diagnosis.evals.candidates import EvalMaterial, eval_candidates
from diagnosis.models import EvalCandidate
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.failing_records import failing

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def material(fingerprint: int) -> EvalMaterial:
    """What a cluster of lost orders gives."""
    return EvalMaterial(failing("a", fingerprint=fingerprint), "lost order", [], [])


def test_a_candidate_is_named_for_what_fails(alice: MintedProject) -> None:
    [made] = eval_candidates(alice.project, [material(1)], NOW).values()

    assert made.eval_id == "tool-lookup-order-ordernotfound-v1"


def test_clusters_with_one_slug_get_names_of_their_own(alice: MintedProject) -> None:
    clusters = [material(n) for n in (1, 2, (1 << 40) + 2)]  # the last two share their first digits

    made = eval_candidates(alice.project, clusters, NOW)

    assert len({candidate.eval_id for candidate in made.values()}) == len(made) == 3


def test_a_candidate_stays_as_it_was_first_made(alice: MintedProject) -> None:
    [first] = eval_candidates(alice.project, [material(1)], NOW).values()

    [again] = eval_candidates(
        alice.project, [EvalMaterial(failing("b", fingerprint=1), "renamed", [], [])], NOW
    ).values()

    assert (again.pk, again.document["title"]) == (first.pk, "lost order")
    assert EvalCandidate.objects.count() == 1
