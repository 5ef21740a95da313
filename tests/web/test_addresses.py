"""Every address, asked for as every role and as nobody: what the table says is what happens."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from core.permissions import PUBLIC, ROLES, SIGNED_IN
from core.web.addresses import Address, addresses, roles_table
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
OURS = [address for address in addresses() if not address.is_library]
NUMBER = 987_654_321  # no row has this key, so that an address with a key is answered 404 when the role is right
FORBIDDEN, SIGN_IN = 403, 302
# A POST-only address answers 405 to a GET, and that is permission enough for this walk.
FINE = {200, 202, 302, 400, 404, 405, 422}


def _path(address: Address) -> str:
    return "/" + re.sub(r"<[^>]+>", str(NUMBER), address.route)


@pytest.mark.parametrize("address", OURS, ids=lambda address: address.route or "/")
def test_an_address_declares_what_it_asks_for(address: Address) -> None:
    known = {PUBLIC, SIGNED_IN, *(code for codes in ROLES.values() for code in codes)}

    assert address.permission in known, f"/{address.route} needs @page(...)"
    assert address.name, f"/{address.route} needs a name"


@pytest.mark.parametrize("role", [*ROLES, "", None], ids=lambda role: "nobody" if role is None else role or "no role")
def test_each_address_opens_for_the_roles_of_the_table_and_for_no_other(client: Client, role: str | None) -> None:
    if role is not None:
        client.force_login(UserFactory(role=role))
    granted = set(ROLES.get(role or "", ()))

    for address in OURS:
        for method in (client.get, client.post):
            answer: Any = method(_path(address))
            _expect(address, role, granted, answer.status_code, answer.get("Location", ""))


def _expect(address: Address, role: str | None, granted: set[str], status: int, location: str) -> None:
    asked = address.permission
    if asked == PUBLIC:
        # What is open to all guards itself: a prompt of the warehouse without its secret is refused.
        assert status in FINE | {401, FORBIDDEN}, address
    elif role is None:
        assert (status, location.startswith("/accounts/login/")) == (SIGN_IN, True), address
    elif asked == SIGNED_IN or asked in granted:
        assert status in FINE, (address, status)
        assert not location.startswith("/accounts/login/"), address
    else:
        assert status == FORBIDDEN, (address, role, status)


def test_the_table_in_the_documents_is_the_one_the_code_makes() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert roles_table() in text, "Run `make docs`: the table of roles and addresses has changed"
