"""The forms of the desk: what a person does with a case, and the fixes."""

from collections.abc import Sequence
from typing import Any

from django import forms

from core.models import User
from integration.models import Hold


class SnoozeForm(forms.Form):
    """Put a case off."""

    hours = forms.TypedChoiceField(
        label="For", coerce=int, choices=[(1, "1 hour"), (4, "4 hours"), (24, "1 day"), (72, "3 days"), (168, "1 week")]
    )


class AssignForm(forms.Form):
    """Give a case to a person, or back to the team."""

    assignee = forms.ModelChoiceField(
        label="Person",
        queryset=User.objects.filter(is_active=True).order_by("username"),
        required=False,
        empty_label="The team",
        to_field_name="username",
    )


class CommentForm(forms.Form):
    """Say something."""

    text = forms.CharField(label="Comment", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class CorrectOrderForm(forms.Form):
    """One field for each value of the order that the warehouse cannot take."""

    def __init__(self, *args: Any, holds: Sequence[Hold] = (), shows_buyer: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for hold in holds:
            name = str(hold.detail.get("field", ""))
            where, _, part = name.partition(".")
            if where not in ("ship_to", "bill_to"):
                continue
            self.fields[name] = forms.CharField(
                label=f"{where.replace('_to', '-to').capitalize()} {part.replace('_', ' ')}",
                help_text=str(hold.detail.get("message", "")),
                max_length=300,
                initial=str(hold.detail.get("value", "")) if shows_buyer else "",
            )


class SettleForm(forms.Form):
    """A person's word that it was dealt with outside."""

    note = forms.CharField(
        label="What was done",
        max_length=500,
        help_text="Others read it on the order's passport, for example: stopped on the floor, goods are back in stock.",
    )


class MeantForm(forms.Form):
    """A person's word that what a case shows is meant."""

    reason = forms.CharField(
        label="Why it is meant",
        max_length=500,
        help_text="Others read it here, for example: the marketplace keeps two units for its own outlet.",
    )


class TrackingForm(forms.Form):
    """The number of a parcel that left without one."""

    tracking_number = forms.CharField(label="Tracking number", max_length=120)
    wms_carrier = forms.CharField(
        label="Carrier",
        max_length=120,
        required=False,
        help_text="As the warehouse writes it; empty keeps what it said.",
    )


class ConfirmForm(forms.Form):
    """Nothing to enter: the button is the decision."""
