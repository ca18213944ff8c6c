"""The forms of a decision: its reason, when a rejected loop comes back, and what the page showed."""

from __future__ import annotations

from django import forms

from diagnosis.loops import growth
from diagnosis.loops.approval import ENDS_AS_REJECTED, DecisionChoice
from diagnosis.models import Decision


class ReasonForm(forms.Form):
    """The reason of a decision, which is stored with it."""

    reason = forms.CharField(
        max_length=4000,
        widget=forms.Textarea({"rows": 4}),
        error_messages={
            "required": "Say why: the reason is kept with the decision and shown to the coding agent."
        },
    )


class RejectForm(ReasonForm):
    """The reason of a rejection, and by how much the failure must grow to be proposed again."""

    times = forms.IntegerField(
        min_value=growth.FEWEST,
        max_value=growth.MOST,
        initial=growth.USUAL,
        required=False,
        error_messages={"invalid": "How many times it must grow: a whole number."},
    )
    for_good = forms.BooleanField(required=False)

    def times_chosen(self) -> int | None:
        """The factor by which the failure must grow to be proposed again; None for never."""
        cleaned = self.cleaned_data
        return None if cleaned["for_good"] else cleaned["times"] or growth.USUAL


class DecisionForm(RejectForm):
    """A decision with its reason, and the revision, packet and content that the page showed."""

    verb = forms.ChoiceField(
        choices=Decision.Verb.choices,
        error_messages={"required": "Choose one of the buttons of the page."},
    )
    revision = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    packet = forms.CharField(max_length=24, required=False)
    content = forms.CharField(max_length=64, required=False)

    def choice(self) -> DecisionChoice:
        """The decision as `approval.record_decision` takes it."""
        cleaned, verb = self.cleaned_data, Decision.Verb(self.cleaned_data["verb"])
        times = self.times_chosen() if verb in ENDS_AS_REJECTED else None
        return DecisionChoice(verb, cleaned["reason"], times, cleaned["content"])
