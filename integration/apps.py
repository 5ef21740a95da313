"""The integration application."""

from django.apps import AppConfig


class IntegrationConfig(AppConfig):
    """Connections, orders, maps, shipments and the lanes that move them."""

    name = "integration"
    default_auto_field = "django.db.models.BigAutoField"
