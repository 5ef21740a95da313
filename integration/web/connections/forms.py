"""What a person enters to connect a shop or a warehouse. Keys go in and never come out again."""

from decimal import Decimal
from typing import Any, Final

from django import forms

from integration.models import Channel, Warehouse

SHORTEST_POLL: Final = 60
ANSWERS: Final = [("accept", "Accept at once"), ("hold", "Hold for a person"), ("refuse", "Refuse the line")]
CODE_HELP: Final = (
    "A short name of your own, letters, digits and dashes, for example SHOP-EU. It cannot be changed later."
)


class SecretInput(forms.PasswordInput):
    """A field that is never filled in by us, nor by the browser with somebody's sign-in."""

    def __init__(self) -> None:
        super().__init__(render_value=False, attrs={"autocomplete": "new-password", "spellcheck": "false"})


class ConnectionForm(forms.Form):
    """What both sides have: `known` is the row that is changed, None for a new one."""

    taken: type[Channel] | type[Warehouse]
    secret = ""

    code = forms.SlugField(label="Code", max_length=40, help_text=CODE_HELP)
    name = forms.CharField(label="Name", max_length=120, help_text="What people call it.")

    def __init__(self, *args: Any, known: Channel | Warehouse | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        if known is not None:
            del self.fields["code"]
            self.fields[self.secret].required = False
            self.fields[self.secret].help_text = "Leave empty to keep the one that is stored. It is never shown again."

    def clean_code(self) -> str:
        """A new connection must not take over one that is there."""
        code = str(self.cleaned_data["code"])
        if code == "new":
            raise forms.ValidationError("This word is taken by the page you are on. Choose another code.")
        if self.taken._default_manager.filter(code=code).exists():
            raise forms.ValidationError(f"{code} is connected already. Choose another code, or edit that connection.")
        return code


class ShopForm(ConnectionForm):
    """A Mirakl shop."""

    taken = Channel
    secret = "api_key"  # noqa: S105 -- the name of the field

    url = forms.CharField(
        label="Address of the marketplace's Mirakl",
        max_length=300,
        help_text="As in the back office, without /api, for example https://operator.example.com",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    api_key = forms.CharField(
        label="API key",
        max_length=500,
        widget=SecretInput(),
        help_text="Mirakl back office, user settings, API key. It is stored encrypted and never shown again.",
    )
    shop_id = forms.IntegerField(
        label="Shop id", required=False, min_value=1, help_text="Only where the key may see several shops."
    )
    warehouse = forms.ModelChoiceField(
        label="Warehouse",
        queryset=Warehouse.objects.defer("password", "client_secret").order_by("name"),
        to_field_name="code",
        required=False,
        empty_label="The only one there is",
    )
    poll_seconds = forms.IntegerField(
        label="Read orders every (seconds)",
        min_value=SHORTEST_POLL,
        max_value=3600,
        initial=SHORTEST_POLL,
        help_text="60 is the shortest that Mirakl publishes for reading orders.",
    )


class WarehouseForm(ConnectionForm):
    """A Deposco tenant."""

    taken = Warehouse
    secret = "password"  # noqa: S105 -- the name of the field

    url = forms.CharField(
        label="Address",
        max_length=300,
        help_text="Without /integration, for example https://tenant.example.com",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    tenant_code = forms.CharField(label="Tenant code", max_length=60)
    business_unit = forms.CharField(label="Business unit", max_length=60)
    api = forms.ChoiceField(
        label="API",
        choices=[("v1", "V1"), ("v2", "V2"), ("mixed", "Mixed")],
        initial="v1",
        help_text="Mixed: orders, shipments and items over V2, stock over V1. V2 alone tells no stock.",
    )
    username = forms.CharField(
        label="API user",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="For V2 alone, the client id.",
    )
    password = forms.CharField(
        label="Password of the API user",
        max_length=4000,
        widget=SecretInput(),
        help_text="For V2 alone, the client's secret; a refresh token goes behind it, after a blank. "
        "It is stored encrypted and never shown again.",
    )
    client_id = forms.CharField(
        label="Client id of V2",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Only for mixed, where V2 has another client than the API user.",
    )
    client_secret = forms.CharField(
        label="Secret of V2's client",
        max_length=4000,
        required=False,
        widget=SecretInput(),
        help_text="Only with a client id. Left empty, the one that is stored stays. It is never shown again.",
    )
    rate_per_second = forms.FloatField(
        label="Calls a second",
        required=False,
        min_value=0.1,
        max_value=50,
        help_text="For the whole account. Deposco publishes no figure; 2 to 4 are known to be fine.",
    )


class PolicyForm(forms.Form):
    """How a channel answers new orders. The names are those of AcceptancePolicy."""

    unmapped_sku = forms.ChoiceField(
        label="A line whose SKU has no item",
        choices=ANSWERS,
        help_text="Accepted orders wait for their SKU before they go to the warehouse, so accepting loses nothing.",
    )
    short_stock = forms.ChoiceField(
        label="A line of more units than are left",
        choices=ANSWERS,
        help_text="By the numbers as last worked out, before buffers. Stock that is stale or not known refuses nothing.",
    )
    below_price = forms.ChoiceField(label="A line below the floor price", choices=ANSWERS)
    floor_price = forms.DecimalField(
        label="Floor price", min_value=Decimal(0), max_digits=12, decimal_places=2, help_text="0 means no floor."
    )
    partial_acceptance = forms.TypedChoiceField(
        label="Orders of several lines",
        coerce=lambda value: value == "True",
        choices=[("True", "May be accepted in part"), ("False", "One refused line refuses the whole order")],
        help_text="As the operator allows it.",
    )
    acceptance_hours = forms.IntegerField(
        label="Hours the operator gives for an answer", min_value=1, max_value=24 * 14
    )
