"""A person's own settings: time zone and theme."""

import zoneinfo
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.models import User
from core.permissions import SIGNED_IN, page

# The zones people live in; the rest of the database are old names of the same.
ZONES: Final = tuple(
    name
    for name in sorted(zoneinfo.available_timezones())
    if name == "UTC"
    or name.split("/")[0] in ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
)


class MySettingsForm(forms.Form):
    """What a person may change about themselves."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=[(name, name.replace("_", " ")) for name in ZONES],
        help_text="All times on the pages are shown in this zone.",
    )
    theme = forms.ChoiceField(label="Theme", choices=User.THEMES)


@page(SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def my_settings(request: HttpRequest) -> HttpResponse:
    """Show and save them."""
    assert isinstance(request.user, User)
    user = request.user
    data: Any = request.POST if request.method == "POST" else None
    form = MySettingsForm(data, initial={"time_zone": user.time_zone, "theme": user.theme})
    if data is not None and form.is_valid():
        user.time_zone, user.theme = form.cleaned_data["time_zone"], form.cleaned_data["theme"]
        user.save(update_fields=["time_zone", "theme"])
        messages.success(request, "Saved.")
        return redirect("settings")
    groups = user.groups.order_by("name").values_list("name", flat=True)
    status = 422 if form.errors else 200
    return render(request, "core/settings.html", {"form": form, "roles": groups}, status=status)
