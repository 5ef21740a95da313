from collections.abc import Callable

import pytest
from django.test import Client

from tests.factories.people import UserFactory

SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in() -> SignIn:
    """Return a function that gives the browser of a person with a role."""

    def as_role(role: str) -> Client:
        client = Client()
        client.force_login(UserFactory(role=role))
        return client

    return as_role
