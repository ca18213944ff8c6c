"""Lines of the log with strangers' text in them: one line each, bounded in length and number."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest

from loopkit.log_lines import LONGEST_LINE, MOST_LINES, BoundedLines, BoundedRate
from tests import ROOT

FORMAT = BoundedLines("{levelname} {message}", style="{")


def record(message: str, *arguments: Any, line: int = 1, second: float = 0.0) -> logging.LogRecord:
    """What a call in the code, at that line, logs at that time."""
    made = logging.LogRecord("loopkit.x", logging.ERROR, "x.py", line, message, arguments, None)
    made.created = second
    return made


def test_no_text_begins_a_line_of_its_own() -> None:
    line = FORMAT.format(record("at %s", "/a\n2026-01-01 ERROR all is lost\r\x1b[31m\u202e\u2028"))

    assert line == "ERROR at /a\\n2026-01-01 ERROR all is lost\\r\\x1b[31m\\u202e\\u2028"


def test_a_record_that_cannot_be_formatted_is_named_by_its_place_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: str) -> str:
        raise RuntimeError("hunter-two")

    handler = logging.StreamHandler()
    handler.setFormatter(FORMAT)

    handler.handle(record("%d of hunter-two", "hunter-two"))
    monkeypatch.setattr("loopkit.log_lines.without_secrets", fail)
    handler.handle(record("hunter-two"))

    assert capsys.readouterr().err == (
        "ERROR loopkit.x [no line for x.py:1: TypeError]\nERROR loopkit.x [no line for x.py:1: RuntimeError]\n"
    )


def test_a_long_text_is_cut() -> None:
    assert len(FORMAT.format(record("%s", "é" * 100_000))) == LONGEST_LINE + len("...")


def test_the_lines_of_a_traceback_are_indented_and_bounded() -> None:
    long_record = record("failed")
    try:
        raise ValueError("x\nERROR forged\n" + "y\n" * 50_000 + "the end")
    except ValueError as error:
        long_record.exc_info = (ValueError, error, error.__traceback__)

    first, *others = FORMAT.format(long_record).split("\n")

    assert first == "ERROR failed"
    assert all(line.startswith("    ") for line in others[1:])
    assert others[-1] == "    the end"
    assert sum(map(len, others)) < 10_000


def test_a_call_that_logs_all_the_time_logs_so_many_lines_a_minute() -> None:
    rate = BoundedRate()
    lines = [record("x", second=number / 100) for number in range(6000)]

    kept = [line for line in lines if rate.filter(line)]

    assert len(kept) == MOST_LINES
    assert FORMAT.format(kept[-1]) == "ERROR x [further lines of this kind are left out for a minute]"
    assert rate.filter(record("x", second=60))
    assert rate.filter(record("of another call", line=2))


def test_gunicorns_arbiter_logs_without_models_in_its_memory() -> None:
    logs = (
        "import sys, loopkit.server, loopkit.server_log, loopkit.log_lines as lines;"
        "print(lines.without_secrets('Starting lk_agent_abc'), 'django.db.models' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", logs], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "Starting [redacted] False\n"
