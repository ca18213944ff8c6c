"""
Two projects used in any order: what one of them learns (ids, cursors, links) never opens, changes or confirms anything
with the keys of the other.

Stateful: https://hypothesis.readthedocs.io/en/latest/stateful.html
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from django.core import serializers
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from diagnosis.models import EvalCandidate, EvalResult, Loop, LoopEvent, Packet
from tenants.keys import provisioning
from tenants.models import Key, Project
from tests.telemetry.factory import minutes, span, store

NUMBERS = itertools.count()
ID_FIELDS = {
    "record_id", "trace_id", "packet_id", "loop_id", "cluster_id", "session_id", "eval_candidate", "evidence_url",
    "next_cursor", "eval_id", "next_url",
}  # fmt: skip
PLACES = [  # where an id may be put; `{}` is the id
    "/v1/packets/{}", "/v1/loops/{}", "/v1/loops/{}/handoff", "/v1/loops/{}/handoff?format=md", "/v1/evals/{}",
    "/v1/evals/{}?format=promptfoo", "/v1/sessions/{}", "/v1/telemetry?record_id={}", "/v1/telemetry?trace_id={}",
    "/v1/telemetry?session_id={}", "/v1/telemetry?cluster_id={}", "/v1/telemetry?cursor={}", "/v1/sessions?cursor={}",
    "/v1/loops?cursor={}", "/v1/packets?cursor={}", "/v1/evidence?cluster_id={}", "/v1/loops?cluster_id={}",
]  # fmt: skip
READS = [
    "/v1/telemetry", "/v1/telemetry?limit=1", "/v1/sessions", "/v1/sessions?limit=1",
    "/v1/packets", "/v1/packets?limit=1", "/v1/loops", "/v1/loops?limit=1", "/v1/dashboard", "/v1/funnel", "/v1/ledger",
]  # fmt: skip


class Side:
    """One of the two projects, its keys, and a word that stands in everything of it."""

    def __init__(self, name: str) -> None:
        number = next(NUMBERS)
        minted = provisioning.mint_project(f"{name}-{number}", "", timezone.now(), claim=False)
        self.project, self.keys, self.word = minted.project, minted.keys, f"{name}sown{number}word"

    def call(self, method: str, path: str, kind: str = "agent", body: Any = None) -> Any:
        """The answer to a request with one of its keys."""
        client = Client(headers={"Authorization": f"Bearer {self.keys[kind]}"}, raise_request_exception=False)
        return client.generic(method, path, json.dumps(body or {}), content_type="application/json")

    def rows(self) -> str:
        """Everything of it in the control database that a key could change, as text."""
        paths = {
            Packet: "project", Loop: "project", EvalCandidate: "project", LoopEvent: "loop__project",
            EvalResult: "candidate__project", Key: "project", Project: "pk",
        }  # fmt: skip
        rows = [
            row
            for model, path in paths.items()
            for row in model.objects.filter(**{path: self.project.pk}).order_by("pk")
        ]
        return serializers.serialize("json", rows).replace('"last_used_at"', "")


def ids_in(document: Any) -> Iterator[str]:
    """Every id, cursor and link that a document names."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name in ID_FIELDS and isinstance(value, str) and value:
                yield value
            else:
                yield from ids_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from ids_in(value)


class TwoProjects(RuleBasedStateMachine):
    """Rules that read with one project's keys and try what was read with the other's."""

    learned = Bundle("learned")  # (0 or 1, an id of that side)

    @initialize()
    def begin(self) -> None:
        """Two new projects, with one failure each."""
        self.sides = [Side("alice"), Side("charlie")]
        for side in self.sides:
            self.send(side)

    def send(self, side: Side) -> None:
        """A failing span of this side."""
        now, word = timezone.now(), side.word
        failing = span(
            word,
            trace=f"{word}{next(NUMBERS)}",
            at=now - minutes(5),
            error=word,
            attributes={"session.id": f"session {next(NUMBERS)}"},
        )
        store(side.project, [failing], now)

    @rule(target=learned, which=st.sampled_from([0, 1]))
    def diagnose(self, which: int) -> Any:
        """A diagnosis, which names most ids."""
        self.send(self.sides[which])
        return self.learn(which, self.sides[which].call("POST", "/v1/runs/diagnose"))

    @rule(target=learned, which=st.sampled_from([0, 1]), path=st.sampled_from(READS))
    def read(self, which: int, path: str) -> Any:
        """A page of something."""
        return self.learn(which, self.sides[which].call("GET", path))

    def learn(self, which: int, answer: Any) -> Any:
        """The ids of an answer, which is real and names nothing of the other side."""
        self.check(which, answer)
        assert answer.status_code == 200, answer.content
        return multiple(*((which, found) for found in dict.fromkeys(ids_in(answer.json()))))

    @rule(secret=learned, place=st.sampled_from(PLACES))
    def try_to_read(self, secret: tuple[int, str], place: str) -> None:
        """The other side puts the id where it can."""
        owner, found = secret
        path = (
            found.partition("127.0.0.1")[2] or found.partition("testserver")[2]
            if "://" in found
            else place.format(found)
        )
        self.check(1 - owner, self.sides[1 - owner].call("GET", path), found)

    @rule(secret=learned, kind=st.sampled_from(["agent", "producer", "feedback"]))
    def try_to_write(self, secret: tuple[int, str], kind: str) -> None:
        """The other side sends the id wherever something is written."""
        owner, found = secret
        before, other = self.sides[owner].rows(), self.sides[1 - owner]
        for path, body in (
            (f"/v1/loops/{found}/events", {"kind": "issue_opened", "url": "https://example.org/1"}),
            (f"/v1/loops/{found}/events", {"kind": "shipped", "release": "2"}),
            ("/v1/runs/verify", {"loop_id": found}),
            ("/v1/evals", {"eval_id": found, "passed": True}),
            ("/v1/feedback", {"session_id": found, "rating": "down"}),
            ("/v1/recover", {"project_id": self.sides[owner].project.pk, "recovery_code": found}),
        ):
            self.check(1 - owner, other.call("POST", path, kind, body), found)
        assert self.sides[owner].rows() == before

    def check(self, which: int, answer: Any, sent: str = "") -> None:
        """The answer is no error of the server, and names nothing of the other side but what was sent."""
        other, text = self.sides[1 - which], answer.content.decode(errors="replace")
        assert answer.status_code < 500, (answer.status_code, text)
        assert other.word not in text.replace(sent or "\x00", ""), text
        assert other.project.pk not in text.replace(sent or "\x00", ""), text


@pytest.mark.usefixtures("db", "data_dir")
def test_no_order_of_requests_brings_one_project_to_the_other(monkeypatch: Any) -> None:
    for name in ("LOOPKIT_FEEDBACK_RATE", "LOOPKIT_RECOVER_RATE"):
        monkeypatch.setattr(f"django.conf.settings.{name}", "100000/h")

    run_state_machine_as_test(TwoProjects, settings=STEPS)


STEPS = settings(
    max_examples=3,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
