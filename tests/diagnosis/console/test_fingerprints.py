"""The operator's page and command for fingerprint versions: look, confirm, go on."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.core.management import CommandError, call_command, load_command_class
from django.test import Client
from django.utils import timezone

from diagnosis.console import fingerprints
from diagnosis.diagnose import diagnose
from diagnosis.fingerprint_switch import preview as switch_preview
from diagnosis.fingerprint_switch import switch
from diagnosis.models import FingerprintSwitch, Loop
from telemetry.grouping.versions import FIRST, NEWEST
from telemetry.store import version_freshness
from telemetry.windows import Window
from tenants.audit import audit_log
from tenants.models import AuditEntry, Project
from tenants.stores import pool, project_file
from tests.diagnosis.native_crashes import DRIVER, JAVA, LOADER, clusters, crashes, send
from tests.staff_clients import Reader, home, member

NOW = timezone.now()
T0 = NOW - timedelta(minutes=30)
OLD, NEW = FIRST.version, NEWEST.version
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here holds a request for seconds."""
    monkeypatch.setattr(version_freshness, "WAIT", 0.0)


@pytest.fixture
def project(make_project: Any) -> Project:
    """2 crashes in the driver, 3 in the loader, 4 in Java, by the first version, diagnosed; a tenant of its own."""
    made: Project = make_project(fingerprint_version=OLD).project
    hostile = crashes(JAVA, T0, 4, name=HOSTILE)
    send(made, NOW, crashes(DRIVER, T0, 2), crashes(LOADER, T0, 3), hostile)
    diagnose(made, Window.ending(NOW, 60), NOW)
    return home(made, "acme")


def page_of(project: Project) -> str:
    """The path of the project's page."""
    return f"/admin/projects/{project.pk}/fingerprints/"


def text(answer: Any) -> str:
    """The page, which must be one that its policy allows."""
    assert answer.status_code == 200
    assert Reader(answer).forbidden == []
    return str(answer.content.decode())


def confirm(client: Client, project: Project, to: int = NEW) -> Any:
    """Send the form that the preview offers."""
    seen = Reader(client.get(page_of(project), {"to": to})).inputs
    return client.post(page_of(project), {name: seen[name] for name in ("before", "to")}, follow=True)


def version_of(project: Project) -> int:
    """What is stored."""
    return Project.objects.get(pk=project.pk).fingerprint_version


def test_the_projects_page_leads_to_its_fingerprints(boss: Client, project: Project) -> None:
    links = Reader(boss.get(f"/admin/tenants/project/{project.pk}/change/")).links

    assert page_of(project) in links


def test_a_preview_shows_the_map_and_every_loop_and_changes_nothing(boss: Client, project: Project) -> None:
    before = clusters(project), list(Loop.objects.values())

    page = text(boss.get(page_of(project), {"to": NEW}))

    assert (
        "From 9 of 9 failing records of the last 30 days. Clusters that keep their records and get another id: 1."
        in page
    )
    assert "Split" not in page
    merged = page[page.index("Merged") : page.index("Loops")]
    assert re.findall(r"(\d) records|>(\d): |<br>(\d): ", merged) == [
        ("5", "", ""),
        ("", "3", ""),
        ("", "", "2"),
    ]
    assert page.count("follows its cluster to clu_") == 2
    assert page.count("ends and joins loop_") == 1
    assert all(f"/admin/diagnosis/loop/{quote(loop.pk)}/change/" in page for loop in Loop.objects.all())
    assert (clusters(project), list(Loop.objects.values()), version_of(project)) == (*before, OLD)


def test_text_from_telemetry_is_escaped(boss: Client, project: Project) -> None:
    page = text(boss.get(page_of(project), {"to": NEW}))

    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_a_confirmed_switch_is_done_and_written_down(boss: Client, project: Project) -> None:
    page = text(confirm(boss, project))

    assert "Switched: 9 records moved to new clusters." in page
    assert f"rules of version {NEWEST.version}" in page
    assert sorted(clusters(project).values()) == [4, 5]
    entry = AuditEntry.objects.filter(
        target=f"project:{project.pk}", event=audit_log.AuditEvent.CHANGED
    ).latest("sequence")
    assert (entry.actor, entry.tenant_id) == ("user:boss", "acme")
    assert entry.detail == {"fingerprint_version": {"before": OLD, "after": NEW}}


def test_a_split_is_previewed_with_its_parts(boss: Client, project: Project) -> None:
    confirm(boss, project)

    page = text(boss.get(page_of(project), {"to": OLD}))

    split = page[page.index("Split") : page.index("Loops")]
    assert re.findall(r"(\d) records|>(\d): |<br>(\d): ", split) == [
        ("5", "", ""),
        ("", "3", ""),
        ("", "", "2"),
    ]
    assert "its smaller parts (1) are proposed anew" in page


@pytest.mark.parametrize("sent", [{}, {"before": "2", "to": "2"}, {"before": "1", "to": "99"}, {"to": "2"}])
def test_nothing_is_switched_that_was_not_previewed(
    boss: Client, project: Project, sent: dict[str, str]
) -> None:
    page = text(boss.post(page_of(project), sent, follow=True))

    assert "not what the page showed" in page
    assert (version_of(project), FingerprintSwitch.objects.count()) == (OLD, 0)


def test_members_of_other_tenants_find_no_such_project(project: Project, make_project: Any) -> None:
    other = home(make_project("globex").project, "globex")
    stranger = member("charlie", other.tenant)

    answers = [stranger.get(page_of(project)), stranger.post(page_of(project), {"before": OLD, "to": NEW})]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert version_of(project) == OLD


def test_switching_needs_the_permission_to_change_projects(project: Project) -> None:
    reader = member("bob", project.tenant, permissions=["view_project", "view_loop", "decide_loop"])
    changer = member("alice", project.tenant, permissions=["change_project"])

    refused = reader.post(page_of(project), {"before": OLD, "to": NEW})
    assert (refused.status_code, reader.get(page_of(project)).status_code, version_of(project)) == (
        403,
        403,
        OLD,
    )

    confirm(changer, project)
    assert version_of(project) == NEW


def test_who_is_not_signed_in_is_asked_to(project: Project) -> None:
    answer = Client().post(page_of(project), {"before": OLD, "to": NEW})

    assert (answer.status_code, version_of(project)) == (302, OLD)


def test_a_switch_that_stopped_goes_on_by_button(
    boss: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "SECONDS", 0.0)

    page = text(confirm(boss, project))
    clicks = 0
    while "A switch is under way" in page:
        clicks += 1
        page = text(boss.post(page_of(project), follow=True))

    assert clicks > 3
    assert sorted(clusters(project).values()) == [4, 5]
    assert "Earlier switches" in page


def test_a_store_that_is_away_costs_the_preview_only(boss: Client, project: Project) -> None:
    pool.close_all()
    project_file.path_of(project.pk).rename(project_file.path_of(project.pk).with_suffix(".away"))

    page = text(boss.get(page_of(project), {"to": NEW}))

    assert "store is not available" in page


def test_a_sample_says_that_it_is_one(
    boss: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch_preview, "MOST_RECORDS", 3)
    monkeypatch.setattr(switch_preview, "FEWEST", 1)
    monkeypatch.setattr(switch_preview, "MOST_CLUSTERS", 2)

    page = text(boss.get(page_of(project), {"to": NEW}))

    assert "From 2 of 7 failing records" in page
    assert "a sample, so numbers of records are estimates; small clusters left out: 1." in page


def run(*arguments: str) -> str:
    """What the command says."""
    said = StringIO()
    call_command("fingerprints", *arguments, stdout=said)
    return said.getvalue()


def test_the_command_previews_and_switches(project: Project) -> None:
    preview = run(project.pk)
    assert version_of(project) == OLD

    done = run(project.pk, "--switch")

    assert "Looked at 9 of 9 failing records of 30 days.\nClusters that keep their records: 1.\n" in preview
    assert "comes from" in preview
    assert preview.count("loop_") >= 3
    assert "9 of 9 records were rewritten" in done
    assert f"has version {NEWEST.version} already" in run(project.pk, "--switch")


def test_the_command_goes_on_with_a_switch_that_was_begun(project: Project) -> None:
    switch.begin_switch(Project.objects.get(pk=project.pk), NEW, audit_log.SHELL, NOW)

    told, done = run(project.pk), run(project.pk, "--switch")

    assert "Under way" in told
    assert "9 of 9 records were rewritten" in done


def test_the_command_names_a_project_that_is_not_there(db: None) -> None:
    with pytest.raises(CommandError, match=r"nobody-00000000\. The admin lists the ids under Projects"):
        run("nobody-00000000")


def test_the_command_explains_its_arguments() -> None:
    parser = load_command_class("diagnosis", "fingerprints").create_parser("manage.py", "fingerprints")

    silent = [action.dest for action in parser._actions if not action.help]

    assert silent == []
