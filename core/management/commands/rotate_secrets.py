"""Encrypts every stored credential anew with the newest key."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from core.secrets import EncryptedTextField


class Command(BaseCommand):
    """Put the new key first in HOLDPOINT_SECRET_KEYS, run this, then take the old one away."""

    help = "Encrypt every stored credential with the first key of HOLDPOINT_SECRET_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rewrite the encrypted columns of every model."""
        count = 0
        for model in apps.get_models():
            names = [field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)]
            if not names:
                continue
            for row in model._default_manager.all():
                row.save(update_fields=names)
                count += 1
        self.stdout.write(f"{count} rows encrypted with the newest key.")
