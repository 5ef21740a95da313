"""The core application."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Registers the system checks of this application."""

    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the checks known to Django."""
        from core import checks  # noqa: F401, PLC0415 -- importing it registers the checks, once the apps are there
