"""What a person enters into the maps."""

from typing import Any, Final

from django import forms

from integration.models import Channel

LARGEST_FILE: Final = 1_000_000


def channel_field() -> "forms.ModelChoiceField[Channel]":
    """A channel, chosen by its code."""
    return forms.ModelChoiceField(
        label="Channel",
        queryset=Channel.objects.defer("api_key").order_by("name"),
        to_field_name="code",
        empty_label="Choose a channel",
    )


class SkuTarget(forms.Form):
    """Which item an offer SKU is. Several lines make a kit."""

    components = forms.CharField(
        label="Warehouse item",
        help_text="The item number. Where one offer holds several units write ITEM x 3; for a kit, one item a line.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )


class ShippingMethodTarget(forms.Form):
    """What the warehouse calls a shipping type."""

    ship_via = forms.CharField(label="Ship-via in the warehouse", max_length=120)
    ship_vendor = forms.CharField(label="Carrier account (ship vendor)", max_length=120, required=False)


class CarrierTarget(forms.Form):
    """Which carrier of the marketplace a carrier word of the warehouse is."""

    carrier_code = forms.ChoiceField(label="Carrier at the marketplace", required=False)
    carrier_name = forms.CharField(
        label="Or a name of your own",
        max_length=120,
        required=False,
        help_text="Only where the marketplace lists no such carrier and allows free names.",
    )
    tracking_url = forms.URLField(
        label="Tracking address",
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text="For a name of your own: the address where a buyer can follow the parcel.",
    )

    def __init__(self, *args: Any, for_channel: Channel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channels = [for_channel] if for_channel else Channel.objects.defer("api_key").order_by("name")
        choices: dict[str, str] = {}
        for channel in channels:
            for row in channel.found.get("carriers", []):
                code = str(row.get("code", ""))
                choices.setdefault(code, str(row.get("label") or code))
        field = self.fields["carrier_code"]
        assert isinstance(field, forms.ChoiceField)
        kept = str((self.initial or {}).get("carrier_code", ""))
        if kept and kept not in choices:
            choices[kept] = f"{kept} (no longer listed)"
        field.choices = [("", "Choose a carrier"), *choices.items()]


class MapForm(forms.Form):
    """One row of a map. Where the key is known already, channel and key are not asked for again."""

    channel = channel_field()
    key = forms.CharField(max_length=200)

    def __init__(self, *args: Any, is_known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_known:
            self.fields["channel"].widget = forms.HiddenInput()
            self.fields["key"].widget = forms.HiddenInput()


class SkuForm(SkuTarget, MapForm):
    """An offer SKU and its item."""

    key = forms.CharField(label="Offer SKU", max_length=200, help_text="As it stands on the marketplace's order lines.")


class ShippingMethodForm(ShippingMethodTarget, MapForm):
    """A shipping type and its ship-via."""

    key = forms.CharField(
        label="Shipping type", max_length=120, help_text="The marketplace's code, as it stands on the order."
    )


class CarrierForm(CarrierTarget, MapForm):
    """A carrier word of the warehouse and its carrier at the marketplace."""

    key = forms.CharField(
        label="Carrier in the warehouse", max_length=120, help_text="As the warehouse writes it on its shipments."
    )


class SkuFileForm(forms.Form):
    """A file of SKUs, uploaded or pasted."""

    channel = channel_field()
    file = forms.FileField(
        label="CSV file",
        required=False,
        help_text="Either the file or its rows. UTF-8 text with commas or semicolons, at most 1 MB.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )
    text = forms.CharField(
        label="Or paste the rows",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        """Leave the text of whichever was given in `text`."""
        data = super().clean() or {}
        upload = data.get("file")
        if upload is not None:
            data["text"] = self._read(upload)
        if not self.errors and not (data.get("text") or "").strip():
            self.add_error("file", "Choose a file, or paste its rows below.")
        if len((data.get("text") or "").encode()) > LARGEST_FILE:
            self.add_error("text", "This is more than 1 MB. Split it, each part with the header line.")
        return data

    def _read(self, upload: Any) -> str:
        if upload.size > LARGEST_FILE:
            self.add_error("file", "The file is larger than 1 MB. Split it, each part with the header line.")
            return ""
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            self.add_error(
                "file",
                f"The file is not UTF-8 text (byte {error.start + 1}). In a spreadsheet, save it as “CSV UTF-8”.",
            )
            return ""
