"""The people who sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A member of staff. Roles are Django groups; times are shown in the person's own zone."""

    time_zone = models.CharField(max_length=64, default="UTC")

    def __str__(self) -> str:
        return self.get_full_name() or self.username
