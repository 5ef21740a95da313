"""Credentials at rest: encrypted with the newest of several keys, readable with any of them, so that keys can rotate."""

from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class SecretUnreadableError(Exception):
    """No key that is set can read the stored value."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.HOLDPOINT_SECRET_KEYS])


def encrypt(value: str) -> str:
    """Encrypt with the newest key."""
    return _fernet().encrypt(value.encode()).decode()


def decrypt(value: str) -> str:
    """Decrypt with whichever key fits. Raises SecretUnreadableError when none does."""
    try:
        return _fernet().decrypt(value.encode()).decode()
    except InvalidToken as error:
        message = "A stored credential cannot be read with the keys in HOLDPOINT_SECRET_KEYS: put the old key back, at the end."
        raise SecretUnreadableError(message) from error


if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField  # Django's fields take type arguments only where types are checked


class EncryptedTextField(_TextField):
    """Text that is encrypted in the database and plain on the instance. Cannot be searched, on purpose."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way in."""
        plain = super().get_prep_value(value)
        return encrypt(plain) if plain else plain

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        """Decrypt on the way out."""
        return decrypt(value) if value else value
