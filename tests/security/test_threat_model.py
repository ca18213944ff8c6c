"""The threat model names tests that exist, and every test of this folder."""

from __future__ import annotations

import re

from tests import ROOT

TESTS = ROOT / "tests"
NAMED = set(
    re.findall(r"`((?:[\w-]+/)*(?:\w+\.py|evals/|advisories/))`", (ROOT / "docs/security.md").read_text())
)


def test_each_test_that_it_names_exists() -> None:
    assert len(NAMED) > 30
    assert [name for name in sorted(NAMED) if not (TESTS / name).exists()] == []


def test_it_names_each_test_against_attackers() -> None:
    files = {path.relative_to(TESTS).as_posix() for path in TESTS.glob("security/**/test_*.py")}
    files.discard("security/test_threat_model.py")
    folders = tuple(name for name in NAMED if name.endswith("/"))

    assert sorted(name for name in files - NAMED if not name.startswith(folders)) == []
