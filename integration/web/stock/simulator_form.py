"""What the simulator asks for. All of it stands in the address, so that a result can be sent to somebody."""

import re
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.conf import settings

from integration.models import Channel
from integration.services.stock.simulate_rule import Candidate, Chosen

MOST_DAYS: Final = 35
MOST_LAG: Final = 3600
SEVERAL: Final = re.compile(r"[,;\r\n]+")
VALUES: Final = ("units", "percent", "floor", "cap", "share", "pack")


def _several(label: str, hint: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, required=False, max_length=8000, help_text=hint, widget=widget)


def _number(label: str, least: int = 0, most: int = 1_000_000) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=least, max_value=most)


class SimulatorForm(forms.Form):
    """Offers, a candidate, and the days to replay."""

    channel = forms.ModelChoiceField(
        label="Channel",
        queryset=Channel.objects.filter(lanes__contains=["stock"])
        .exclude(warehouse=None)
        .select_related("stock")
        .defer("api_key")
        .order_by("name"),
        to_field_name="code",
        empty_label=None,
    )
    items = _several("Items", "Numbers of the warehouse, with commas between several.")
    offer_skus = _several("Offer SKUs", "For kits of several items too.")
    tag = forms.CharField(
        label="Tag",
        required=False,
        max_length=60,
        help_text="All items that carry it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    units = _number("Buffer, units")
    percent = forms.DecimalField(
        label="Buffer, percent", required=False, min_value=0, max_value=100, max_digits=5, decimal_places=2
    )
    floor = _number("Floor")
    cap = _number("Cap")
    share = _number("Share, percent", most=100)
    pack = _number("Whole packs of", least=1)
    # At most as many as moves are kept for: see the constructor.
    days = forms.IntegerField(label="Days")
    lag = forms.IntegerField(
        label="Lag, seconds",
        initial=120,
        min_value=0,
        max_value=MOST_LAG,
        help_text="From a change in the warehouse to the number in the shop.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = min(MOST_DAYS, settings.HOLDPOINT_STOCK_HISTORY_DAYS)
        self.fields["days"] = forms.IntegerField(
            label="Days",
            initial=min(14, most),
            min_value=1,
            max_value=most,
            help_text=f"1 to {most}; today is the last.",
        )

    def clean_items(self) -> list[str]:
        """Each once, in the order they were written."""
        return _split(self.cleaned_data["items"])

    def clean_offer_skus(self) -> list[str]:
        """Each once, in the order they were written."""
        return _split(self.cleaned_data["offer_skus"])

    def clean(self) -> dict[str, Any]:
        """Ask for offers and for something to try."""
        data = super().clean() or self.cleaned_data
        if not self.errors and not (data["items"] or data["offer_skus"] or data["tag"]):
            self.add_error("items", "Say which offers: by item, by offer SKU or by tag.")
        if not self.errors and all(data[name] is None for name in VALUES):
            self.add_error("units", "Say what to try: a buffer, floor, cap, share or packs.")
        return data

    @property
    def chosen(self) -> Chosen:
        """Which offers. Only after the form was found valid."""
        data = self.cleaned_data
        return Chosen(data["items"], data["offer_skus"], data["tag"].strip())

    @property
    def candidate(self) -> Candidate:
        """What to try. Only after the form was found valid."""
        return Candidate(**{name: self.cleaned_data[name] for name in VALUES})

    @property
    def lag_time(self) -> timedelta:
        """How late the shop knows. Only after the form was found valid."""
        return timedelta(seconds=self.cleaned_data["lag"])


def _split(text: str) -> list[str]:
    return list(dict.fromkeys(filter(None, (part.strip() for part in SEVERAL.split(text)))))
