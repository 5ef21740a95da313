from typing import Any

import factory
from django.contrib.auth.models import Group

from core.models import User

PASSWORD = "a long enough password"


class UserFactory(factory.django.DjangoModelFactory):
    """A member of staff; `role` names the group."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"person{number}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def role(self, create: bool, extracted: str | None, **_: Any) -> None:
        if extracted:
            Group.objects.get(name=extracted).user_set.add(self)
