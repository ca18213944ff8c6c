"""What a person fills in to decide: why, when a rejection ends, and what was in sight."""

from __future__ import annotations

from django import forms

from diagnosis.loops import growth
from diagnosis.loops.approval import Choice
from diagnosis.models import Decision


class ReasonForm(forms.Form):
    """Why; kept with each decision."""

    reason = forms.CharField(
        max_length=4000,
        widget=forms.Textarea({"rows": 4}),
        error_messages={
            "required": "Say why: the reason is kept with the decision and shown to the coding agent."
        },
    )


class RejectForm(ReasonForm):
    """Why, and whether a rejected failure comes back when it grows."""

    times = forms.IntegerField(
        min_value=growth.FEWEST,
        max_value=growth.MOST,
        initial=growth.USUAL,
        required=False,
        error_messages={"invalid": "How many times it must grow: a whole number."},
    )
    for_good = forms.BooleanField(required=False)

    def times_chosen(self) -> int | None:
        """By how many times it must grow to be proposed again; None: never by itself."""
        chosen = self.cleaned_data
        return None if chosen["for_good"] else chosen["times"] or growth.USUAL


class DecisionForm(RejectForm):
    """What the person chose, why, and what they had in sight."""

    verb = forms.ChoiceField(
        choices=Decision.Verb.choices,
        error_messages={"required": "Choose one of the buttons: approve, return to the agent, or reject."},
    )
    revision = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    packet = forms.CharField(max_length=24, required=False)
    content = forms.CharField(max_length=64, required=False)

    def choice(self) -> Choice:
        """As the rule takes it."""
        chosen, verb = self.cleaned_data, Decision.Verb(self.cleaned_data["verb"])
        times = self.times_chosen() if verb == Decision.Verb.REJECT else None
        return Choice(verb, chosen["reason"], times, chosen["content"])
