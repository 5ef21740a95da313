"""Shows times in the reader's own zone, and sends an htmx request whose session has ended to the sign-in page."""

import zoneinfo
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

Respond = Callable[[HttpRequest], HttpResponse]


class ReaderMiddleware:
    """One pass around every request of a person."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate the zone; afterwards let caches tell htmx answers from pages."""
        zone = _zone(getattr(request.user, "time_zone", "UTC"))
        with timezone.override(zone):
            response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        if getattr(request, "htmx", False) and _is_sign_in(response):
            # A fragment that turns into the sign-in form would be swapped into the page.
            return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
        return response


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def _is_sign_in(response: HttpResponse) -> bool:
    if not 300 <= response.status_code < 400:  # noqa: PLR2004 -- redirects
        return False
    return urlsplit(response.get("Location", "")).path == resolve_url(settings.LOGIN_URL)
