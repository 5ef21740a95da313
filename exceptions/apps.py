"""The exceptions application."""

from django.apps import AppConfig


class ExceptionsConfig(AppConfig):
    """Cases and the desk that shows them."""

    name = "exceptions"
    default_auto_field = "django.db.models.BigAutoField"
