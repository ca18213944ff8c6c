"""A data dir that an older LoopKit wrote is upgraded by `manage.py prepare` and answers as it did."""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.security.voice.test_closed_sentences import closed, normalised
from tests.upgraded_answers import Asked, as_json

FIXTURE = ROOT / "tests" / "fixtures" / "data_dir_1b619f5"
OF_AN_ISSUE = (
    "cluster_id",
    "loop_id",
    "signal_type",
    "operation",
    "service",
    "first_seen",
    "last_seen",
    "echoes",
)


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What the projects of the data dir answered before and after, by project and path; what followed on it."""

    before: dict[str, Any]
    after: dict[str, Any]
    packets: list[
        tuple[dict[str, Any], dict[str, Any]]
    ]  # of the old LoopKit, and of this one over the same window
    diagnosed: dict[str, Any]  # the loops of `after`, once those diagnoses were made
    audit: str  # what verify_audit said

    def of(self, part: str) -> Iterator[tuple[Any, Any]]:
        """Each answer of such paths, before and after."""
        return ((answer, self.after[path]) for path, answer in self.before.items() if part in path)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    """The data dir of the fixture, upgraded, and everything that was asked of it."""
    folder = tmp_path_factory.mktemp("upgraded")
    with tarfile.open(FIXTURE / "data_dir.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    projects = json.loads(lzma.decompress((FIXTURE / "answers.json.xz").read_bytes()))
    reads = [
        Asked("GET", path, project["agent_key"], project["host"])
        for project in projects
        for path in project["answers"]
    ]
    packets = [newest_packet(project) for project in projects]
    diagnoses = [
        Asked("POST", "/v1/runs/diagnose", project["agent_key"], project["host"], window_of(packet))
        for project, packet in zip(projects, packets, strict=True)
    ]
    again = [read for read in reads if "/v1/loops" in read.path]
    found, audit = asked_of(folder, [*reads, *diagnoses, *again])
    middle = len(reads) + len(diagnoses)
    named = {
        f"{project['project_id']} {path}": answer
        for project in projects
        for path, answer in project["answers"].items()
    }
    made = [answer["packet"] for answer in found[len(reads) : middle]]
    return Upgraded(
        named,
        dict(zip(named, found, strict=False)),
        list(zip(packets, made, strict=True)),
        dict(zip((name for name in named if "/v1/loops" in name), found[middle:], strict=True)),
        audit,
    )


def newest_packet(project: dict[str, Any]) -> dict[str, Any]:
    """The packet that the project diagnosed last."""
    packets = [answer["packet"] for path, answer in project["answers"].items() if "/v1/packets/" in path]
    return dict(max(packets, key=lambda packet: packet["created_at"]))


def window_of(packet: dict[str, Any]) -> dict[str, Any]:
    """The packet's window as a diagnosis is asked for it."""
    return {"since_minutes": packet["window"]["since_minutes"], "until": packet["window"]["end"]}


def asked_of(data_dir: Path, asked: list[Asked]) -> tuple[list[Any], str]:
    """The answers of that data dir, each of them a success, and what its audit log is."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.upgraded_answers"],
        cwd=ROOT,
        env=os.environ | {"LOOPKIT_DATA_DIR": str(data_dir)},
        input=as_json(asked),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = json.loads(done.stdout)
    assert {answer["status"] for answer in said["answers"]} == {200}, said["answers"]
    assert said["damaged"] == []
    return [answer["json"] for answer in said["answers"]], said["audit"]


def lost(before: Any, after: Any, at: str = "") -> list[str]:
    """
    Where an answer no longer says what it said. What it says besides is no loss, such as the tag of a list before the
    place in it that a cursor names.
    """
    if at.endswith(".next_cursor") and before and after:
        after = after[-len(before) :]
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            place for name, value in before.items() for place in lost(value, after.get(name), f"{at}.{name}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [place for n, (one, other) in pairs for place in lost(one, other, f"{at}[{n}]")]
    return [] if before == after else [f"{at}: {before!r} -> {after!r}"]


@pytest.mark.parametrize("part", ["/v1/telemetry", "/v1/sessions", "/v1/ledger"])
def test_telemetry_reads_as_before(upgraded: Upgraded, part: str) -> None:
    answers = list(upgraded.of(part))

    assert answers
    assert [place for before, after in answers for place in lost(before, after)] == []


def test_packets_that_were_stored_read_as_before(upgraded: Upgraded) -> None:
    pairs = [(before["packet"], after["packet"]) for before, after in upgraded.of("/v1/packets/")]

    for before, after in pairs:
        assert [facts(issue) for issue in after["issues"]] == [facts(issue) for issue in before["issues"]]


def test_a_diagnosis_of_the_same_window_finds_the_same_issues(upgraded: Upgraded) -> None:
    for before, after in upgraded.packets:
        assert [facts(issue) for issue in after["issues"]] == [facts(issue) for issue in before["issues"]]


def test_records_of_before_are_counted_by_environment_and_release(upgraded: Upgraded) -> None:
    issues = [issue for _, after in upgraded.packets for issue in after["issues"]]
    counted = [issue for issue in issues if issue["environments"][0]["exposure"] is not None]

    assert counted
    assert len([issue for issue in counted if issue["releases"][0]["release"]]) > 3
    for issue, name in product(counted, ("environment", "release")):
        parts = [*issue[f"{name}s"], issue[f"further_{name}s"]]
        assert sum(part["failures"] for part in parts) == issue["impact"]["records"]
        assert sum(part["exposure"] for part in parts) == issue["impact"]["operation_records"]


def facts(issue: dict[str, Any]) -> dict[str, Any]:
    """What an issue is: its cluster, its loop, its counts."""
    return {name: issue[name] for name in OF_AN_ISSUE} | {"impact": issue["impact"]["records"]}


def test_loops_are_in_the_states_they_were_in(upgraded: Upgraded) -> None:
    states = [states_in(answer) for answer, _ in upgraded.of("/v1/loops?")]

    assert {state for answer in states for state in answer.values()} >= {
        "proposed", "approved", "rejected", "returned", "held",
    }  # fmt: skip
    assert [states_in(after) for _, after in upgraded.of("/v1/loops?")] == states


def states_in(answer: dict[str, Any]) -> dict[str, str]:
    """The state of each loop of an answer."""
    return {loop["loop_id"]: loop["state"] for loop in answer["loops"]}


def test_what_was_decided_and_reported_about_a_loop_is_kept(upgraded: Upgraded) -> None:
    for before, after in upgraded.of("/v1/loops/loop_"):
        for name in ("decision", "events"):
            assert lost(before.get(name), after.get(name)) == []


def test_a_fix_that_shipped_is_the_first_attempt_and_has_its_time(upgraded: Upgraded) -> None:
    shipped = [after for _, after in upgraded.of("/v1/loops/loop_") if after.get("shipped_at")]

    assert shipped
    for loop in shipped:
        [fix] = loop["fixes"]
        assert (loop["attempt"], fix["shipped_at"]) == (1, loop["shipped_at"])
        assert fix["verdict"] == loop["verdict"]


@pytest.mark.parametrize("moment", ["upgraded", "diagnosed"])
def test_an_approval_goes_on_being_valid(upgraded: Upgraded, moment: str) -> None:
    now = upgraded.after if moment == "upgraded" else upgraded.diagnosed
    approved = [path for path in upgraded.before if path.endswith("/handoff")]

    assert len(approved) == 3
    assert [now[path]["ok"] for path in approved] == [True] * len(approved)
    assert [states_in(now[path]) for path in now if "/v1/loops?" in path] == [
        states_in(before) for before, _ in upgraded.of("/v1/loops?")
    ]


def test_the_audit_log_goes_on_being_what_was_written(upgraded: Upgraded) -> None:
    assert " entries, last " in upgraded.audit


def test_its_plans_are_told_in_sentences_of_this_version(upgraded: Upgraded) -> None:
    issues = [issue for _, answer in upgraded.of("/v1/packets/") for issue in answer["packet"]["issues"]]
    issues += [answer["issue"] for part in ("/v1/loops/loop_",) for _, answer in upgraded.of(part)]
    plans = [issue["patch_plan"] for issue in issues]

    said = {normalised(step["detail"]) for plan in plans for step in plan["steps"]}
    said |= {normalised(plan[name]) for plan in plans for name in ("verify", "refuted_by")}

    assert len(plans) > 3
    assert said <= closed()
