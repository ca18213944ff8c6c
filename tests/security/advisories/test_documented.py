"""docs/security-advisories.md and these tests name the same advisories."""

from __future__ import annotations

import re

from tests import ROOT

PAGE = (ROOT / "docs" / "security-advisories.md").read_text()
FOLDER = ROOT / "tests" / "security" / "advisories"
ID = re.compile(r"CVE-\d{4}-\d+|GHSA(?:-[a-z0-9]{4}){3}")


def test_every_advisory_of_a_test_is_on_the_page() -> None:
    tested = {match for path in FOLDER.glob("test_*.py") for match in ID.findall(path.read_text())}

    assert tested - set(ID.findall(PAGE)) == set()
    assert len(tested) > 60


def test_every_test_file_on_the_page_exists() -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", PAGE))

    assert named == {path.name for path in FOLDER.glob("test_*.py")} - {"test_documented.py"}
