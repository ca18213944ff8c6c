"""A rule over windows is one file: it is found, says where it comes from, and is known wherever rules are named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.detection.rules.registry import SignalRule
from diagnosis.issues.plan_sentences import CHANGES
from tests import ROOT

ACME = """
SIGNAL = "acme_stalled"
FIX_CATEGORY = "infra"
COMPARES = "visits"
IN_OUTPUT = ""
NO_EVAL_CHECK = "Nobody can tell."
EXPECTATION = "Acme does not stall."
RESULT_FORM = "What it gave back."
ABOUT = "acme stalls"
VERIFIED = 960

def find(window, traces):
    return ["found"]

def visits(window, target):
    return iter(())
"""
ASKED = """
import sys
from importlib.machinery import PathFinder

class WithFolder:
    def find_spec(name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target)
        if name == "diagnosis.detection.rules":
            spec.submodule_search_locations.append(sys.argv[1])
        return spec

sys.meta_path.insert(0, WithFolder)
import django
django.setup()
from diagnosis.api.serializers import issues as issue_serializers
from diagnosis.console.queue import filters
from diagnosis.detection import search
from diagnosis.evals import candidates
from diagnosis.issues import patch_plan
from diagnosis.verification import comparison
search.WINDOW_RULES.over_window = [rule for rule in search.WINDOW_RULES.over_window if rule.SIGNAL == "acme_stalled"]
print(
    search.find_rule_clusters(None), candidates.EXPECTATIONS["acme_stalled"], patch_plan.BY_SIGNAL["acme_stalled"],
    "acme_stalled" in issue_serializers.IssueSerializer().fields["signal_type"].choices,
    "acme_stalled" in comparison.WINDOW_SIGNALS,
    "acme_stalled" in filters.ALL_SIGNAL_TYPES, "acme_stalled" in search.WINDOW_RULES.by_visits,
)
"""


def test_a_new_rule_is_one_new_file(tmp_path: Path) -> None:
    (tmp_path / "acme.py").write_text(ACME)
    known = {"DJANGO_SETTINGS_MODULE": "loopkit.settings", "LOOPKIT_DATA_DIR": str(tmp_path / "data")}

    told = subprocess.run(
        [sys.executable, "-c", ASKED, str(tmp_path)],
        capture_output=True,
        text=True,
        env=known,
        cwd=ROOT,
        check=False,
    )

    assert told.stdout == "['found'] Acme does not stall. infra True True True True\n", told.stderr


@pytest.mark.parametrize("rule", WINDOW_RULES.rules.values(), ids=list(WINDOW_RULES.rules))
def test_each_declares_all_that_others_say_of_it(rule: SignalRule) -> None:
    assert "https://" in (rule.__doc__ or "")
    assert rule.FIX_CATEGORY in {*CHANGES, ""}
    assert rule.EXPECTATION.endswith(".")
    assert any(hasattr(rule, name) for name in ("find", "RUN_RULE"))
