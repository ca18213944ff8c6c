"""
One loop's page: everything a person needs to decide, and the form that decides.

The form carries the revision that the person saw: of two people who saw the same one, the second is told
who decided.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from diagnosis.console import deciding, loop_context
from diagnosis.console.deciding import Seen
from diagnosis.console.decision_forms import DecisionForm
from diagnosis.console.queue.change_page import QueueAdmin
from diagnosis.loops import two_people
from diagnosis.models import Decision, Loop
from tenants.console.scoped import plain

RECORDED = {
    Decision.Verb.APPROVE: "Approved: {}. The coding agent can fetch the handoff now.",
    Decision.Verb.REJECT: "Rejected: {}. The coding agent is told why.",
    Decision.Verb.RETURN: "Returned: {}. It comes back to this queue when the coding agent has answered.",
}
FIRST_OF_TWO = "Approved by you: {}. It waits for the approval of a second person."


class LoopAdmin(QueueAdmin):
    """The queue, and a page for each loop in it."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One loop to read; a POST is a decision on what was read."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        loop = self.get_object(request, plain(object_id))
        if loop is None:
            return super().change_view(request, object_id)  # Django's answer for ids that do not exist
        if request.method == "POST":
            return self.decide(request, loop)
        return self.page(request, loop, DecisionForm())

    def decide(self, request: HttpRequest, loop: Loop) -> HttpResponse:
        """Record the decision, or say on the loop's page what stands in the way."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        form = DecisionForm(request.POST)
        if not form.is_valid():
            return self.page(request, loop, form)
        chosen, choice = form.cleaned_data, form.choice()
        seen = Seen(loop.loop_id, chosen["revision"], chosen["packet"] or loop.packet_id)
        if in_the_way := deciding.decide(request, loop, seen, choice):
            self.message_user(request, in_the_way, messages.ERROR)
            return self.page(request, loop, form, status=409)
        self.log_change(request, loop, choice.summary)
        told = FIRST_OF_TWO if two_people.pending(loop) else RECORDED[choice.verb]
        self.message_user(request, told.format(loop.loop_id), messages.SUCCESS)
        return HttpResponseRedirect(self.queue_url(request))

    def page(self, request: HttpRequest, loop: Loop, form: DecisionForm, status: int = 200) -> HttpResponse:
        """The loop as it is now; the form below decides exactly that."""
        context = {
            **self.admin_site.each_context(request),
            **loop_context.context(loop, request.GET),
            **deciding.context(loop),
            "title": f"Loop {loop.loop_id}",
            "opts": self.opts,
            "original": loop,
            "queue_url": self.queue_url(request),
            "form": form,
            "may_decide": self.has_decide_permission(request),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/diagnosis/loop/change_form.html", context, status=status)
