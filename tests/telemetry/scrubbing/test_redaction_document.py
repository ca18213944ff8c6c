"""docs/redaction.md lists the vendors of the list of kinds, and the day on which it was looked up."""

from __future__ import annotations

from telemetry.scrubbing.kinds.sources import LOOKED_UP
from telemetry.scrubbing.kinds.table import KINDS
from tests import ROOT


def test_the_document_lists_the_vendors_of_the_table() -> None:
    document = (ROOT / "docs" / "redaction.md").read_text()
    _, listed = document.split("## The vendors of the list\n")

    vendors = sorted({kind.vendor for kind in KINDS}, key=str.casefold)
    assert " ".join(listed.split()) == f"{', '.join(vendors)}."
    assert f"looked up on {LOOKED_UP}" in " ".join(document.split())
