"""A broken file is its own project's trouble: 503 there, nothing lost, no other project slower, no restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults import file_faults as faults
from tests.faults.instance import Instance, serving
from tests.faults.table import Line
from tests.faults.trouble import Trouble

HOLD = 4  # seconds that each fault lasts


@pytest.fixture(scope="module")
def shared(new_installation: Callable[[], Path]) -> Iterator[Instance]:
    """One instance for all of them: that is what they must leave unharmed."""
    with serving(new_installation()) as running:
        yield running


@pytest.mark.parametrize(
    ("name", "fault", "log"),
    [
        ("read-only", faults.read_only, "readonly database|is read-only|disk I/O error"),
        ("overwritten at its start", faults.damaged_copy(("", 0, 1)), "not a database"),
        ("overwritten whole", faults.damaged_copy(("", 0, 100)), "not a database|malformed"),
        ("replaced by another kind of file", faults.not_a_database, "not a database"),
        ("of an older LoopKit", faults.schema(-1), "migrate_projects"),
        ("of a newer LoopKit", faults.schema(+1), "start the newer LoopKit again"),
        ("moved away and put back", faults.taken_away, "is gone: put it back"),
        ("replaced by a folder", faults.a_folder, "unable to open|disk I/O error"),
        ("on a disk that is not mounted", faults.a_dead_link, "is gone|unable to open"),
    ],
)
def test_a_broken_file_is_its_own_projects_trouble(
    shared: Instance, line: Line, name: str, fault: faults.FileFault, log: str
) -> None:
    line.fault = f"file {name}"
    trouble = Trouble(shared, name, line)

    with trouble.before_and_after(), fault(trouble.file), trouble.clients("during") as during:
        time.sleep(HOLD)
        read = trouble.read()

    assert set(during.answers) == {"503"}
    assert set(read.values()) <= {200, 503}
    trouble.check(log)


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("first page", [("", 0, 1)]),
        ("12 pages in the middle", [("", 0.3, 12)]),
        ("-wal", [("-wal", 0, 40)]),
        ("file and -wal", [("", 0, 40), ("-wal", 0, 40)]),
    ],
)
def test_damage_that_sqlite_has_not_read_yet_is_never_a_500(
    shared: Instance, line: Line, name: str, places: list[faults.Place]
) -> None:
    line.fault = f"{name} overwritten while open"
    trouble = Trouble(shared, f"damage {name}", line)

    with (
        trouble.before_and_after(),
        faults.overwritten(*places)(trouble.file),
        trouble.clients("during") as during,
    ):
        time.sleep(HOLD)
        read = trouble.read()

    assert set(during.answers) <= {"200", "503"}
    assert set(read.values()) <= {200, 503}
    during.leave_out(during.acknowledged)  # it went with the damaged file, when the backup came
    trouble.check()


@pytest.mark.parametrize("connections", [4, 24])
def test_a_locked_file_keeps_no_other_project_waiting(shared: Instance, line: Line, connections: int) -> None:
    line.fault = f"file locked by another process for 30 s, {connections} connections"
    trouble = Trouble(shared, f"locked {connections}", line)

    with (
        trouble.before_and_after(),
        trouble.clients("during", connections) as during,
        faults.locked(trouble.file),
    ):
        time.sleep(30)
        read = trouble.read()

    assert set(during.answers) <= {"200", "503"}
    assert set(read.values()) == {200}, "readers of a WAL do not wait for a writer"
    trouble.check("database is locked")
