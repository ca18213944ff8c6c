"""One loop's page over HTTP: everything to decide on, and nothing that a producer could run in it."""

from __future__ import annotations

import pytest
from django.contrib.admin.utils import quote
from django.test import Client

from diagnosis.models import Loop, Verification
from loopkit.http.untrusted import WARNING
from tenants.models import Project
from tenants.stores import pool, project_file
from tests.diagnosis.console_requests import QUEUE, bulk, page_of, text
from tests.diagnosis.factory import NOW, make_loop
from tests.staff_clients import Reader
from tests.telemetry.factory import span, span_id, store, trace_id

NASTY = '"><img src=x onerror=alert(1)><script>alert(1)</script> https://evil.example/'


def nasty_loop(project: Project) -> Loop:
    """A loop whose evidence and issue are an attack."""
    made = span("work", trace="t", id="s", at=NOW, error=NASTY, attributes={"note": NASTY, NASTY: "x"})
    store(project, [made], NOW)
    record_id = f"rec_{trace_id('t')}{span_id('s')}"
    return make_loop(project, title=NASTY, message=NASTY, evidence_ids=[record_id], operation=NASTY)


def test_what_producers_wrote_is_text_and_marked_as_theirs(boss: Client, project: Project) -> None:
    loop = nasty_loop(project)
    paths = [page_of(loop), QUEUE, f"/admin/diagnosis/packet/{quote(loop.packet_id)}/change/"]

    pages = [boss.get(path) for path in paths]
    pages.append(bulk(boss, "reject_selected", loop))

    for page in pages:
        read = Reader(page)
        assert "&lt;script&gt;alert(1)" in text(page)
        assert "x" not in read.links  # the image that the attack brings
        assert not [link for link in read.links if "evil.example" in link]
        assert not read.forbidden
        assert WARNING in text(page)


@pytest.mark.parametrize("page", ["change", "history"])
def test_a_url_may_hold_the_id_as_it_is(
    boss: Client, project: Project, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diagnosis.models.loops.secrets.token_hex", lambda _: "22ab")
    make_loop(project)

    raw, quoted = (boss.get(f"/admin/diagnosis/loop/{name}/{page}/") for name in ("loop_22ab", "loop_5F22ab"))

    assert (raw.status_code, quoted.status_code) == (200, 200)
    assert "loop_22ab" in text(raw)


def test_evidence_is_read_from_the_store(boss: Client, project: Project) -> None:
    loop = nasty_loop(project)

    page = text(boss.get(page_of(loop)))

    assert f"rec_{trace_id('t')}{span_id('s')}" in page
    assert "attributes</h4>" in page
    assert "ran well neither among the records around it nor within a day" in page


def test_evidence_that_retention_removed_is_said_to_be_gone(boss: Client, project: Project) -> None:
    loop = make_loop(project, evidence_ids=[f"rec_{'0' * 48}"])

    page = text(boss.get(page_of(loop)))

    assert "not in the store any more" in page


def test_a_broken_store_costs_the_evidence_and_not_the_page(
    boss: Client, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    loop = nasty_loop(project)
    pool.close_all()
    project_file.path_of(project.project_id).write_bytes(b"this is not a database " * 500)

    answer = boss.get(page_of(loop))

    assert answer.status_code == 200
    assert "The records cannot be read just now" in text(answer)
    assert f"evidence of {project.project_id} unavailable: file is not a database" in caplog.messages


def test_the_page_has_what_a_decision_needs(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    Verification.objects.create(
        loop=loop, verdict="held", document={"before": {"failures": 4}}, created_at=NOW
    )

    page = text(boss.get(page_of(loop)))

    for part in (
        "9 users in 12 sessions", "18.5% of the 200 records", "trend: rising", "invoke_agent support",
        "app.region", "change the tools",
        'Find the code of <q class="lk-value"><code>tool lookup_order</code></q> in service <q class="lk-value">',
        ">Change history</a>",
        "lookup-order-ordernotfound-v1",
        "returns a result without an error", "4 failures", "held",
    ):  # fmt: skip
        assert part in page


def test_pages_keep_the_content_security_policy(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    paths = [
        "/admin/",
        QUEUE,
        page_of(loop),
        "/admin/tenants/key/add/",
        f"/admin/tenants/project/{project.pk}/change/",
    ]

    for path in paths:
        page = boss.get(path)
        read = Reader(page)
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert "unsafe" not in page["Content-Security-Policy"]
        assert read.forbidden == []
        assert not [link for link in read.links if link.startswith(("http", "//"))]
