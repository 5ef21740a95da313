"""The people who sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from core.permissions import PERMISSIONS, TEAM_OF_ROLE


class User(AbstractUser):
    """A member of staff. Roles are Django groups; times are shown in the person's own zone."""

    THEMES = [("system", "As the device says"), ("light", "Light"), ("dark", "Dark")]

    time_zone = models.CharField(max_length=64, default="UTC")
    theme = models.CharField(max_length=8, default="system", choices=THEMES)

    class Meta(AbstractUser.Meta):
        permissions = PERMISSIONS

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def team(self) -> str:
        """The team whose work this person sees first; empty for one who belongs to none."""
        names = self.groups.values_list("name", flat=True)
        return next((TEAM_OF_ROLE[name] for name in sorted(names) if name in TEAM_OF_ROLE), "")
