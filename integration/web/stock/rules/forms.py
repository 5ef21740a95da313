"""What a person enters about a rule, and how that becomes a rule."""

from typing import Any, Final

from django import forms

from integration.domain.buffers import Aspect, StockRule
from integration.models import Channel
from integration.models import StockRule as StockRuleRow
from integration.services.stock.rule_rows import Places, read_places
from integration.web.maps.forms import LARGEST_FILE

INCLUDES: Final = (("", "Not for this kind of rule"), ("true", "Included"), ("false", "Excluded"))
# What each kind of rule does, for people.
ASPECT_WORDS: Final = {
    "buffer": "Buffer: units or percent kept back",
    "floor": "Floor: below it the offer shows zero",
    "cap": "Cap: the offer never shows more",
    "share": "Share: only so many percent are offered",
    "pack": "Whole packs: multiples of so many",
    "facility": "Facility: its stock is included or excluded",
}
FIELDS: Final = (
    "channel",
    "offer_sku",
    "item",
    "tag",
    "facility",
    "units",
    "percent",
    "value",
    "first_date",
    "last_date",
)


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _text(label: str, longest: int, hint: str = "") -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    widget = forms.TextInput(attrs=attrs)
    return forms.CharField(label=label, max_length=longest, required=False, help_text=hint, widget=widget)


class RuleForm(forms.Form):
    """One rule. Which fields a kind needs is judged by the domain, so that a file and this form say the same."""

    aspect = forms.ChoiceField(label="What it sets", choices=[(name, ASPECT_WORDS[name]) for name in ASPECT_WORDS])
    channel = forms.ChoiceField(label="Channel", required=False)
    item = _text("Item", 60, "The item's number in the warehouse.")
    offer_sku = _text("Offer SKU", 200, "One offer alone; for kits of several items too.")
    tag = _text("Tag", 60, "All items that carry it.")
    facility = forms.ChoiceField(
        label="Facility", required=False, help_text="For a buffer kept at one building, or to include or exclude one."
    )
    units = forms.IntegerField(label="Units", required=False, help_text="For a buffer.", min_value=0)
    percent = forms.DecimalField(
        label="Percent",
        required=False,
        help_text="For a buffer: of what is available. With units as well, the larger counts.",
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=100,
    )
    value = forms.IntegerField(
        label="Number",
        required=False,
        help_text="For a floor, cap or pack in offers; for a share in percent.",
        min_value=0,
    )
    includes = forms.ChoiceField(label="Included", choices=INCLUDES, required=False)
    first_date = forms.DateField(
        label="From", required=False, widget=_day(), help_text="Empty: always. For peak weeks."
    )
    last_date = forms.DateField(label="To and including", required=False, widget=_day())
    note = _text("Note", 200, "Why, for whoever reads it next.")

    def __init__(self, *args: Any, places: Places | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = places or read_places()
        channels = [("", "Every channel"), *((code, row.name) for code, row in known.channels.items())]
        words = sorted(set(known.facility_words.values()))
        facilities = [("", "All facilities together"), *((word, _named(known, word)) for word in words)]
        for name, choices in (("channel", channels), ("facility", facilities)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def rule(self, rule_id: int | None) -> StockRule:
        """The rule as entered. Only after the form was found valid."""
        data = self.cleaned_data
        return StockRule(
            id=rule_id,
            aspect=Aspect(data["aspect"]),
            includes={"true": True, "false": False}.get(data["includes"]),
            note=data["note"],
            **{name: data[name] for name in FIELDS},
        )


def initial_of(rule: StockRule) -> dict[str, Any]:
    """What the form shows of a rule that stands."""
    includes = "" if rule.includes is None else str(rule.includes).lower()
    shown = {name: getattr(rule, name) for name in FIELDS}
    return shown | {"aspect": rule.aspect.value, "includes": includes, "note": rule.note}


class RulesFileForm(forms.Form):
    """A file of rules."""

    file = forms.FileField(label="CSV file", help_text="UTF-8, with commas or semicolons, at most 1 MB.")
    replaces_all = forms.BooleanField(
        label="In place of all rules", required=False, help_text="Rules that the file does not name are removed."
    )

    def clean(self) -> dict[str, Any]:
        """The text of the file, or what is wrong with it."""
        data = super().clean() or self.cleaned_data
        file = data.get("file")
        if file is None:
            return data
        if file.size > LARGEST_FILE:
            self.add_error("file", "The file is larger than 1 MB: split it.")
            return data
        try:
            data["text"] = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("file", "The file is not text in UTF-8. In a spreadsheet, save it as “CSV UTF-8”.")
        return data


def channel_choices() -> list[tuple[str, str]]:
    """Channels by code, for filters."""
    return list(Channel.objects.order_by("name").values_list("code", "name"))


ASPECTS: Final = StockRuleRow.Aspect.choices


def _named(places: Places, word: str) -> str:
    return f"{places.facilities[word].name} ({word})"
