"""What a person enters about a facility and about a channel's terms."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms

from integration.domain.promise import FacilityCalendar
from integration.models import ChannelStock, Facility
from integration.services.stock.set_capability import Capability, ChannelTerms

DAYS: Final = (
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("7", "Sunday"),
)
SHORT_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ZONES_ID: Final = "time-zones"
DAYS_IN_WEEK: Final = 7


@cache
def zone_names() -> list[str]:
    """Every zone that people choose from."""
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")


def _zone(hint: str) -> forms.CharField:
    attrs = {"list": ZONES_ID, "autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(label="Time zone", max_length=60, help_text=hint, widget=forms.TextInput(attrs=attrs))


class FacilityForm(forms.Form):
    """What a facility can keep."""

    is_active = forms.BooleanField(label="In use: its stock may be offered", required=False)
    time_zone = _zone("Begin to type a city, such as Paris or Chicago.")
    cut_off = forms.TimeField(
        label="Cut-off",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="Orders before it are begun the same day, in the zone above. Empty: the whole day counts.",
    )
    handling_hours = forms.IntegerField(
        label="Handling time, hours",
        min_value=0,
        help_text="From the beginning until the parcel leaves; hours of days without work do not count.",
    )
    working_days = forms.MultipleChoiceField(
        label="Working days", choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    holidays = forms.CharField(
        label="Holidays",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text="One date a line, for example 2026-12-25.",
    )

    def clean_holidays(self) -> list[date]:
        """Each line as a date, or which lines are none."""
        days, problems = [], []
        for number, line in enumerate(self.cleaned_data["holidays"].splitlines(), start=1):
            text = line.strip()
            if not text:
                continue
            try:
                days.append(date.fromisoformat(text))
            except ValueError:
                problems.append(f"Line {number}, “{text[:30]}”, is no date: write it as 2026-12-25.")
        if problems:
            raise forms.ValidationError(problems)
        return days

    @property
    def capability(self) -> Capability:
        """As entered. Only after the form was found valid."""
        return Capability(
            **self.cleaned_data | {"working_days": [int(day) for day in self.cleaned_data["working_days"]]}
        )

    @property
    def calendar(self) -> FacilityCalendar:
        """When it would work. Only after the form was found valid, and its zone is known."""
        wanted = self.capability
        return FacilityCalendar(
            wanted.time_zone,
            wanted.cut_off,
            wanted.handling_hours,
            frozenset(wanted.working_days),
            frozenset(wanted.holidays),
        )

    def clean_time_zone(self) -> str:
        """A zone that is known."""
        return _known_zone(self.cleaned_data["time_zone"])


class TermsForm(forms.Form):
    """What a channel promises, and how numbers go to it."""

    promise_hours = forms.IntegerField(
        label="Promised hours",
        required=False,
        min_value=1,
        help_text="From the order until the parcel leaves. Empty: not checked, every facility in use is offered.",
    )
    promise_skips_weekends = forms.BooleanField(label="Saturday and Sunday do not count", required=False)
    time_zone = _zone("The channel's clock: days of rules and of the promise.")
    stale_minutes = forms.IntegerField(
        label="Stale after, minutes", min_value=1, help_text="An older number of the warehouse is marked, and a case."
    )
    push_seconds = forms.IntegerField(
        label="Seconds between files", min_value=1, help_text="Mirakl publishes 60 as the shortest."
    )
    file_lines = forms.IntegerField(label="Lines a file", min_value=1)
    delimiter = forms.ChoiceField(label="Between columns", choices=[(";", "Semicolon"), (",", "Comma")])

    def clean_time_zone(self) -> str:
        """A zone that is known."""
        return _known_zone(self.cleaned_data["time_zone"])

    @property
    def terms(self) -> ChannelTerms:
        """As entered. Only after the form was found valid."""
        return ChannelTerms(**self.cleaned_data)


class CodesForm(forms.Form):
    """The operator's code for each facility; the field of a facility is named after its key."""

    def __init__(self, *args: Any, facilities: Iterable[Facility], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for facility in facilities:
            widget = forms.TextInput(attrs={"autocomplete": "off", "aria-label": f"Code of {facility.name}"})
            self.fields[code_field(facility)] = forms.CharField(
                label=facility.name, required=False, max_length=120, widget=widget
            )


def code_field(facility: Facility) -> str:
    """The name of a facility's field."""
    return f"code_{facility.pk}"


def facility_initial(facility: Facility) -> dict[str, Any]:
    """What the form shows of a facility."""
    return {
        "is_active": facility.is_active,
        "time_zone": facility.time_zone,
        "cut_off": facility.cut_off,
        "handling_hours": facility.handling_hours,
        "working_days": [str(day) for day in facility.working_days],
        "holidays": "\n".join(day.isoformat() for day in sorted(facility.holidays)),
    }


def terms_initial(terms: ChannelStock) -> dict[str, Any]:
    """What the form shows of a channel."""
    return {name: getattr(terms, name) for name in TermsForm.base_fields}


def days_words(days: Iterable[int]) -> str:
    """Working days as people say them: "Mon to Fri", "Mon, Wed", "every day", "on no day"."""
    known = sorted(set(days))
    if not known:
        return "on no day"
    if len(known) == DAYS_IN_WEEK:
        return "every day"
    first, last = known[0], known[-1]
    if len(known) > 2 and known == list(range(first, last + 1)):  # noqa: PLR2004 -- two days are named
        return f"{SHORT_DAYS[first - 1]} to {SHORT_DAYS[last - 1]}"
    return ", ".join(SHORT_DAYS[day - 1] for day in known)


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise forms.ValidationError("Choose a time zone such as Europe/Paris.")
    return name
