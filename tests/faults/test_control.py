"""The control database in trouble: keys may not be checkable, which is 503, and everything recovers by itself."""

from __future__ import annotations

import time

import pytest

from tests.faults import file_faults as faults
from tests.faults.instance import Instance
from tests.faults.load import Load
from tests.faults.recount import recount
from tests.faults.table import Line, shown

HOLD = 12  # seconds, more than any wait for a lock
THREADS = 16  # of all workers; each keeps a connection


def provisioned(instance: Instance, name: str) -> int:
    """The answer to a new project, which is written to the control database."""
    return instance.server.call("POST", "/v1/provision", data={"project_name": name}).status


@pytest.mark.parametrize(
    ("name", "fault", "log"),
    [
        ("locked by another process", faults.locked, "database is locked"),
        ("read-only", faults.read_only, "readonly"),
        ("moved away and put back", faults.taken_away, "no such table"),
    ],
)
def test_a_control_database_in_trouble_is_a_503(
    instance: Instance, line: Line, name: str, fault: faults.FileFault, log: str
) -> None:
    line.fault = f"control database {name}"
    used, fresh = instance.server.provision("used"), instance.server.provision("fresh")
    port, logged = instance.server.port, instance.log.stat().st_size
    known = Load(port, used["producer_key"], 3, seed=f"{name} used", sizes=(20,), pause=0.05)
    new = Load(port, fresh["producer_key"], 3, seed=f"{name} fresh", sizes=(20,), pause=0.05)

    with known:
        known.wait_for(8)
        with fault(instance.server.data_dir / "control.sqlite3"), new:
            time.sleep(HOLD)
            refused = provisioned(instance, "during")
            moment = time.monotonic()
        with Load(port, fresh["producer_key"], 3, seed=f"{name} after", sizes=(20,), pause=0.05) as after:
            line.recoveries += [load.recovery_after(moment) for load in (known, after)]
            written = [provisioned(instance, f"after {number}") for number in range(60)]

    line.add(recount(instance.project_file(used["project_id"]), [known]), known)
    line.add(recount(instance.project_file(fresh["project_id"]), [new, after]), new, after)
    line.times = 1
    line.note = (
        f"a key in use: {shown(known.answers)}; one used for the first time: {shown(new.answers)}; "
        f"{written.count(503)} of 60 writes afterwards met a connection that was not opened anew yet"
    )
    line.check()
    assert refused in {201, 503}
    assert written.count(503) <= THREADS
    assert set(written[-20:]) == {201}
    assert set(known.answers + new.answers + after.answers) <= {"200", "503"}
    lines = [said for said in instance.log_since(logged).splitlines() if "is not available" in said]
    assert all("The control database is not available" in said for said in lines), lines
