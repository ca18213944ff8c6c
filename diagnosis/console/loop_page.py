"""
The page of one loop: everything that a person needs to decide, and the form of the decision.

The form carries the revision that the page showed: if two people decide on the same revision, the second
decision is refused, and the message names the person who decided first.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from diagnosis.console import deciding, loop_context
from diagnosis.console.deciding import SeenLoop
from diagnosis.console.decision_forms import DecisionForm
from diagnosis.console.queue.change_page import QueueAdmin
from diagnosis.loops import states, two_people
from diagnosis.models import Decision, Loop
from tenants.console.scoped import plain_object_id

RECORDED = {
    Decision.Verb.APPROVE: "Approved: {}. The coding agent can fetch the handoff now.",
    Decision.Verb.REJECT: "Rejected: {}. The coding agent is told why.",
    Decision.Verb.RETURN: "Returned: {}. It comes back to this queue when the coding agent has answered.",
    Decision.Verb.WITHDRAW: "Approval taken back: {}. It waits in this queue, and the handoff is closed.",
    Decision.Verb.REOPEN: "Reopened: {}. It waits in this queue.",
    Decision.Verb.GIVE_UP: "Given up: {}. The coding agent is told why.",
}
FIRST_OF_TWO = "Approved by you: {}. It waits for the approval of a second person."


class LoopAdmin(QueueAdmin):
    """The approval queue, and a page for each loop."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one loop; a POST decides on what the page showed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        loop = self.get_object(request, plain_object_id(object_id))
        if loop is None:
            # Django's answer for ids that do not exist.
            return super().change_view(request, object_id)
        if request.method == "POST":
            return self.decide(request, loop)
        return self.page(request, loop, DecisionForm())

    def decide(self, request: HttpRequest, loop: Loop) -> HttpResponse:
        """Record the decision; if it is refused, show the loop's page again with the reason and status 409."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        form = DecisionForm(request.POST)
        if not form.is_valid():
            return self.page(request, loop, form)
        cleaned, choice = form.cleaned_data, form.choice()
        seen = SeenLoop(loop.loop_id, cleaned["revision"], cleaned["packet"] or loop.packet_id)
        if refusal := deciding.decide_as_seen(request, loop, seen, choice):
            self.message_user(request, refusal, messages.ERROR)
            return self.page(request, loop, form, status=409)
        self.log_change(request, loop, choice.summary)
        message = FIRST_OF_TWO if two_people.pending(loop) else RECORDED[choice.verb]
        self.message_user(request, message.format(loop.loop_id), messages.SUCCESS)
        return HttpResponseRedirect(self.queue_url(request))

    def page(self, request: HttpRequest, loop: Loop, form: DecisionForm, status: int = 200) -> HttpResponse:
        """The page of the loop as it is now, with the form that decides on exactly this content."""
        may_decide = self.has_decide_permission(request)
        if may_decide and loop.state in states.DECIDABLE:
            deciding.keep_open([loop], timezone.now())
        shown = loop_context.loop_page_context(loop, request.GET)
        context = {
            **self.admin_site.each_context(request),
            **shown,
            **deciding.decision_context(loop, shown["evidence"]),
            "title": f"Loop {loop.loop_id}",
            "opts": self.opts,
            "original": loop,
            "queue_url": self.queue_url(request),
            "form": form,
            "may_decide": may_decide,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/diagnosis/loop/change_form.html", context, status=status)
