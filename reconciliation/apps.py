"""The reconciliation application."""

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    """Registered so that its place in the layers is fixed before it is filled."""

    name = "reconciliation"
    default_auto_field = "django.db.models.BigAutoField"
