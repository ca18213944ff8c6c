"""The trace around a record on the dashboard."""

from __future__ import annotations

from tenants.keys.provisioning import MintedProject
from tests.diagnosis.dashboard_client import ESCAPED, browser_of, send, text
from tests.staff_clients import Reader


def test_a_record_leads_to_its_trace_and_back(alice: MintedProject) -> None:
    record_id, browser = send(alice), browser_of(alice)
    path = f"/dashboard/records/{record_id}/trace"

    record = Reader(browser.get(f"/dashboard/records/{record_id}"))
    answer = browser.get(path)

    assert path in record.links
    assert "Spans 1 to 2 of 2" in text(answer)
    assert f"/dashboard/records/{record_id}" in Reader(answer).links
    assert text(answer).count('aria-current="true"') == 1


def test_what_producers_wrote_is_text_in_a_trace(alice: MintedProject) -> None:
    answer = browser_of(alice).get(f"/dashboard/records/{send(alice)}/trace")

    assert ESCAPED in text(answer)
    assert Reader(answer).forbidden == []


def test_another_projects_trace_is_not_there(alice: MintedProject, charlie: MintedProject) -> None:
    browser = browser_of(charlie)

    assert browser.get(f"/dashboard/records/{send(alice)}/trace").status_code == 404
    assert browser.get("/dashboard/records/nonsense/trace").status_code == 404
