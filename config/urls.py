"""Every address of the site begins here."""

from django.urls import include, path

from core.web.health import healthz, readyz
from core.web.settings import my_settings

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("settings/", my_settings, name="settings"),
    path("", include("exceptions.web.urls")),
    path("", include("integration.web.urls")),
    path("", include("integration.web.webhook")),
]
