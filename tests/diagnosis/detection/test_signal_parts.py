"""A signal, rule or eval form is one file; one that leaves out a part, or has no place, is refused by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diagnosis.detection import rules
from diagnosis.detection.rules import ALL_SIGNALS, registry
from diagnosis.evals import formats
from diagnosis.evals.formats.registry import PARTS as FORMAT_PARTS
from diagnosis.issues.plan_sentences import CHANGES
from telemetry import conventions, signals
from telemetry.classify import failure
from telemetry.discovery import PartsMissing, PlaceUnclear
from telemetry.grouping.cause import CAUSES
from telemetry.signals import marked
from telemetry.signals.registry import PARTS as SIGNAL_PARTS
from telemetry.signals.registry import UNITS, RecordSignal
from tests import ROOT
from tests.diagnosis.quiet_twins import SPANS, TESTS

DETECTION = '__import__("telemetry.signals.registry", fromlist=["registry"]).IngestRule'
SIGNAL = {
    "SIGNAL": '"acme"',
    "AFTER": '"user_signal"',
    "ABOUT": '"acme fails"',
    "INGEST_RULES": f'({DETECTION}(2, "tool_call", print),)',
    "IS_SOFT": "False",
    "CAUSE": '"place"',
    "IN_ANY_OPERATION": "True",
    "EXPECTATION": '"Acme works."',
    "RESULT_FORM": '"What it gave back."',
    "FIX_CATEGORY": '"tools"',
    "IN_OUTPUT": '""',
    "NO_EVAL_CHECK": '"Nobody can tell."',
}
OF_RECORDS = ("AFTER", "IS_SOFT", "CAUSE", "IN_ANY_OPERATION", "INGEST_RULES")
SHARED = {name: value for name, value in SIGNAL.items() if name not in OF_RECORDS}
RULE = {
    **SHARED,
    "COMPARES": '"visits"',
    "find": "lambda window: []",
    "visits": "lambda window, target: []",
    "VERIFIED": "960",
}
FORM = {
    "NAME": '"acme"', "AFTER": '"promptfoo"', "MEDIA_TYPE": '"text/plain"', "ABOUT": '"Acme"',
    "file_name": "str", "why_not": "str", "render": "repr",
}  # fmt: skip
Load = Callable[..., object]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """The registry of a package with one file more, made of these parts."""
    loaded = []

    def with_file(package: object, registry_class: type, parts: dict[str, str]) -> object:
        (tmp_path / "acme.py").write_text("".join(f"{name} = {value}\n" for name, value in parts.items()))
        package.__path__.append(str(tmp_path))
        loaded.append(package)
        return registry_class(package.__name__, package.__path__)

    yield with_file
    for package in loaded:
        package.__path__.remove(str(tmp_path))
        sys.modules.pop(f"{package.__name__}.acme", None)
        vars(package).pop("acme", None)


def test_a_new_signal_of_a_record_is_one_file(load: Load) -> None:
    found = load(signals, signals.SignalRegistry, SIGNAL)

    assert found.types == (*signals.RECORD_SIGNAL_TYPES, "acme")
    assert len(found.rules["tool_call"]) == len(signals.SIGNALS.rules["tool_call"]) + 1


def test_a_new_form_of_an_eval_is_one_file(load: Load) -> None:
    found = load(formats, formats.FormatRegistry, FORM)

    assert list(found.formats) == ["json", "jsonl", "pytest", "promptfoo", "acme"]


def test_a_new_rule_over_windows_is_one_file(load: Load) -> None:
    found = load(rules, registry.RuleRegistry, RULE)

    assert "acme" in found.signals
    assert "acme" in found.by_visits


@pytest.mark.parametrize("part", [part for part in SIGNAL if part not in ("SIGNAL", "AFTER")])
def test_a_part_that_a_signal_leaves_out_is_named(load: Load, part: str) -> None:
    with pytest.raises(PartsMissing, match=rf"signals\.acme must offer .*{part}"):
        load(signals, signals.SignalRegistry, {name: value for name, value in SIGNAL.items() if name != part})


@pytest.mark.parametrize("part", [part for part in RULE if part != "SIGNAL"])
def test_a_part_that_a_rule_leaves_out_is_named(load: Load, part: str) -> None:
    with pytest.raises(PartsMissing, match=rf"rules\.acme must offer .*{part}"):
        load(rules, registry.RuleRegistry, {name: value for name, value in RULE.items() if name != part})


def test_a_rule_that_compares_what_no_verification_can_is_refused_by_name(load: Load) -> None:
    with pytest.raises(PartsMissing, match=r"rules\.acme must say in COMPARES one of visits, durations"):
        load(rules, registry.RuleRegistry, RULE | {"COMPARES": '"visit"'})


def test_a_signal_is_of_records_or_of_windows() -> None:
    assert not set(rules.WINDOW_RULES.rules) & set(signals.SIGNALS.signals)


@pytest.mark.parametrize("part", [part for part in FORM if part not in ("NAME", "AFTER")])
def test_a_part_that_a_form_leaves_out_is_named(load: Load, part: str) -> None:
    with pytest.raises(PartsMissing, match=rf"evals\.formats\.acme must offer .*{part}"):
        load(formats, formats.FormatRegistry, {name: value for name, value in FORM.items() if name != part})


@pytest.mark.parametrize("after", ['"error"', '"nothing"'])
def test_a_place_that_another_has_or_that_is_not_there_is_refused_by_name(load: Load, after: str) -> None:
    with pytest.raises(PlaceUnclear, match="signals"):
        load(signals, signals.SignalRegistry, SIGNAL | {"AFTER": after})


@pytest.mark.parametrize("signal", ALL_SIGNALS)
def test_each_signal_says_where_a_change_acts(signal: str) -> None:
    assert ALL_SIGNALS[signal].FIX_CATEGORY in {*CHANGES, ""}
    assert ALL_SIGNALS[signal].EXPECTATION.endswith(".")


def test_the_page_lists_the_parts() -> None:
    page = (ROOT / "docs" / "diagnosis.md").read_text()
    parts = {part for listed in (*SIGNAL_PARTS, *FORMAT_PARTS, "COMPARES") for part in listed.split("|")}

    assert [part for part in parts if f"`{part}`" not in page] == []


@pytest.mark.parametrize("signal", signals.SIGNALS.signals.values(), ids=signals.RECORD_SIGNAL_TYPES)
def test_each_signal_names_a_kind_of_cause_and_units_that_there_are(signal: RecordSignal) -> None:
    assert signal.CAUSE in CAUSES
    assert {detection.unit for detection in signal.INGEST_RULES} <= set(UNITS)
    assert "https://" in (signal.__doc__ or "")


def test_failed_work_is_told_by_signals_that_there_are() -> None:
    assert set(marked.SIGNAL_OF_UNIT.values()) <= set(signals.RECORD_SIGNAL_TYPES)


@pytest.mark.parametrize("signal", ALL_SIGNALS)
def test_each_signal_has_a_quiet_twin(signal: str) -> None:
    twins, tests = SPANS.get(signal, []), TESTS.get(signal, [])

    assert twins or tests, f"{signal} has no quiet twin in tests/diagnosis/quiet_twins.py"
    assert [span for span in twins if failure(span, conventions.read_meaning(span))] == []
    assert all(callable(test) for test in tests)
