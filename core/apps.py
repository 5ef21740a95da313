"""The core application."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    """Registers the system checks of this application, and keeps the roles equal to their table."""

    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the checks known to Django; after each migration, when Django has made the permissions, make the roles."""
        from core import checks  # noqa: F401, PLC0415 -- importing it registers the checks, once the apps are there

        post_migrate.connect(_make_roles, sender=self, dispatch_uid="core.roles")


def _make_roles(**_: Any) -> None:
    from core.permissions import ensure_roles  # noqa: PLC0415 -- models can be imported only when the apps are there

    ensure_roles()
