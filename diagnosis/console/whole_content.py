"""
The whole content that an approval covers, a part at a time and in pages, of which nothing is cut.

The loop's page cuts long values and lists, and links here, before and after the decision. What is shown is what the
handoff gives out, in the form of the loop's page: escaped, hidden characters by their numbers, and no links.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from diagnosis.console.loop_context import eval_candidate
from diagnosis.display.readable import whole_page
from diagnosis.evals.case_inputs import with_inputs
from diagnosis.handoff import approved_evidence
from diagnosis.loops import content_hash, fixes, history_pages, two_people
from diagnosis.loops.shown_issue import for_people, shown_issue
from diagnosis.models import Loop

ISSUE, PLAN, EVAL, FIXES = "issue", "plan", "eval", "fixes"


@require_safe
def whole_content(request: HttpRequest, loop_id: str) -> HttpResponse:
    """A page of a part of the content; `part` names it, `page` counts from 1."""
    queue = admin.site.get_model_admin(Loop)
    if not queue.has_view_permission(request):
        raise PermissionDenied
    loop = queue.get_queryset(request).select_related("project").filter(pk=loop_id).first()
    if loop is None:
        raise Http404
    names = [ISSUE, PLAN, EVAL, FIXES, *content_hash.evidence_ids(loop.issue)]
    name = request.GET.get("part", ISSUE)
    if name not in names:
        raise Http404
    context = {
        **admin.site.each_context(request),
        **page_context(loop, name, history_pages.page_number(request.GET.get("page", "")) or 1),
        "title": f"All that an approval of {loop.loop_id} covers",
        "loop": loop,
        "names": names,
        "name": name,
    }
    return TemplateResponse(request, "admin/diagnosis/loop/whole_content.html", context)


def page_context(loop: Loop, name: str, number: int) -> dict[str, Any]:
    """The rows of the page, its number and how many there are; `available` is False if the part cannot be read."""
    try:
        value = part_of(loop, name)
    except (DatabaseError, OSError):
        value = None
    rows, pages = whole_page(value, number)
    return {"rows": rows, "number": number, "pages": pages, "available": value is not None}


def part_of(loop: Loop, name: str) -> Any:
    """The value of the part, as the handoff gives it out; None if it is not stored."""
    issue = for_people(shown_issue(loop.issue, loop_id=loop.loop_id))
    plan = issue.pop("patch_plan", None)
    if name in (ISSUE, PLAN):
        return issue if name == ISSUE else plan
    if name == FIXES:
        return [fix.shown() for fix in fixes.fixes_decided_on([loop])[loop.pk]]
    if name == EVAL:
        candidate = eval_candidate(loop)
        return with_inputs(candidate.document) if candidate else None
    approvals = two_people.counting_approvals(loop)
    approval = approvals[-1] if approvals else None
    return next(iter(approved_evidence.approved_records(loop, [name], approval)), None)
