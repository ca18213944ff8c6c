"""Log records that were acknowledged survive the end of processes, and join their span once, whichever came first."""

from __future__ import annotations

import random
import time

from tests.faults.instance import Instance
from tests.faults.log_load import LogLoad, stored_logs
from tests.faults.recount import recount
from tests.faults.table import Line
from tests.faults.test_kill import kill_server, kill_workers

TIMES = 6
CONNECTIONS = 4


def test_log_records_that_were_acknowledged_survive(instance: Instance, line: Line) -> None:
    line.fault = "SIGKILL while log records come"
    chance, joined = random.Random(line.fault), 0
    for number in range(TIMES):
        made = instance.server.provision(f"logs {number}")
        load = LogLoad(instance.server.port, made["producer_key"], CONNECTIONS, seed=f"logs {number}")

        with load:
            load.wait_for(4)
            time.sleep(chance.uniform(0, 0.8))
            end = kill_server if number % 2 else kill_workers
            line.recoveries.append(load.recovery_after(end(instance)))

        path = instance.project_file(made["project_id"])
        line.add(recount(path, [load]), load)
        found = stored_logs(path)
        joined += len(found)
        lost = load.acknowledged_logs - found.keys()
        strange = found.keys() - load.acknowledged_logs - load.unanswered_logs
        line.faults += [f"{len(lost)} log records lost"] if lost else []
        line.faults += [f"{len(strange)} log records that nobody sent"] if strange else []
        line.faults += ["a log record twice"] if any(count > 1 for count in found.values()) else []

    line.note = f"{joined} log records joined their span, or wait for it"
    line.check()
