"""Pages write numbers and times in one form, and what a program reads of a page has numbers without commas."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils.formats import localize
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.display.quantities import counted, to_the_minute
from tests import ROOT

TEMPLATES = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
# An attribute that is no prose: its value has no space outside of variables and tags.
ATTRIBUTE = re.compile(r'[\w-]+="((?:\{\{[^}]*\}\}|\{%[^%]*%\}|[^"\s{])*)"')
VARIABLE = re.compile(r"\{\{ ([^}]*) \}\}")
TEXTS = {  # variables that are text, by the last part of the name
    "action", "app_path", "auto_id", "chosen_id", "content_hash", "cursor", "depth", "environment",
    "get_severity_display",
    "id", "id_for_label", "indent", "keep", "kind", "link", "loop_id", "next", "next_cursor", "packet_id",
    "parameter_name", "pk", "project", "query", "queue_url", "raw", "record_id", "seen", "severity",
    "site_url", "state", "url", "value",
}  # fmt: skip
MOMENT = datetime(2026, 7, 12, 14, 3, 5, tzinfo=UTC)


def test_django_writes_times_and_numbers_as_sentences_do() -> None:
    assert localize(MOMENT) == to_the_minute(MOMENT) == "12 Jul 2026, 14:03 UTC"
    assert f"{localize(2807)} records" == counted(2807, "record") == "2,807 records"
    assert Template("{{ number }}").render(Context({"number": 1101})) == "1,101"


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_time_is_written_alike_by_django_and_in_sentences(moment: datetime) -> None:
    assert to_the_minute(moment) == localize(moment)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_numbers_that_programs_read_have_no_commas(path: Path) -> None:
    attributes = ATTRIBUTE.findall(path.read_text())

    variables = [name for attribute in attributes for name in VARIABLE.findall(attribute)]
    numbers = [name for name in variables if "|" not in name and name.rpartition(".")[2] not in TEXTS]

    assert numbers == []
