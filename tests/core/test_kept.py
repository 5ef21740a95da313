"""What is kept: the audit for good, credentials under keys that rotate, calls without anybody's data, money exactly."""

import json
import socket
from decimal import Decimal

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from core.audit import record_audit
from core.http import Call, HttpClient
from core.models import AuditEntry
from core.money import Money, exponent
from core.redaction import HIDDEN, excerpt, redact, storable
from core.secrets import SecretUnreadableError, decrypt, encrypt
from integration.models import Warehouse
from tests.core.raw_server import answer, raw_server, read_request


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE core_auditentry SET action = 'other'", "DELETE FROM core_auditentry"])
def test_an_audit_entry_can_be_neither_changed_nor_deleted_even_in_sql(statement: str) -> None:
    record_audit(by=None, action="thing.done", subject="thing:1", before=None, after={"n": 1})

    with (
        pytest.raises(DatabaseError, match="Cannot update or delete"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert AuditEntry.objects.get().action == "thing.done"


def test_a_secret_is_read_with_any_key_and_written_with_the_newest(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.HOLDPOINT_SECRET_KEYS = (old,)
    stored = encrypt("the key")
    settings.HOLDPOINT_SECRET_KEYS = (new, old)
    assert decrypt(stored) == "the key"
    stored_anew = encrypt("the key")

    settings.HOLDPOINT_SECRET_KEYS = (new,)

    assert decrypt(stored_anew) == "the key"
    with pytest.raises(SecretUnreadableError, match="put the old key back"):
        decrypt(stored)


@pytest.mark.django_db
def test_rotation_rewrites_every_stored_credential_so_that_the_old_key_can_go(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.HOLDPOINT_SECRET_KEYS = (old,)
    house = Warehouse.objects.create(code="H", name="House", url="https://wms.example.com", password="the password")
    settings.HOLDPOINT_SECRET_KEYS = (new, old)

    call_command("rotate_secrets")

    settings.HOLDPOINT_SECRET_KEYS = (new,)
    assert Warehouse.objects.get(pk=house.pk).password == "the password"
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM integration_warehouse")
        assert "the password" not in cursor.fetchone()[0]


ORDER = {
    "order_id": "A-1",
    "customer": {"firstname": "Sample", "lastname": "Person", "name": "Sample Person"},
    "customer_notification_email": "buyer@example.com",
    "note": "call buyer@example.com",
    "shipping_address": {
        "street_1": "1 Sample Street",
        "street": ["1 Sample Street", "Back door"],
        "zip_code": 12345,
        "city": "Sampleton",
        "phone": "+00 1234",
        "country_iso_code": "FRA",
    },
    "api_key": "0000-secret",
    "lines": [{"offer_sku": "SKU-1", "quantity": 2, "price": 9.9}],
}
XML = (
    "<order><number>A-1</number><shipToAddress><name>Sample Person</name><addressLine1>1 Sample Street</addressLine1>"
    "<ns2:postalCode x='1'>12345</ns2:postalCode><email>buyer@example.com</email></shipToAddress></order>"
)
PERSONAL = ("Person", "Sample", "Street", "12345", "1234", "0000-secret", "buyer@", "Back door")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(ORDER),
        json.dumps(ORDER)[:-20],
        json.dumps({"orders": [ORDER] * 500}),
        XML,
    ],
)
def test_no_form_of_a_message_keeps_who_the_buyer_is_or_what_opens_a_door(body: str) -> None:
    text = excerpt(body)

    assert [word for word in PERSONAL if word in text] == []
    assert "A-1" in text
    assert len(text) <= 4000


def test_what_is_no_persons_stays_readable() -> None:
    kept = redact(ORDER)

    assert kept["lines"] == ORDER["lines"]
    assert kept["shipping_address"]["country_iso_code"] == "FRA"
    assert kept["shipping_address"]["street"] == [HIDDEN, HIDDEN]


@given(st.text())
def test_whatever_is_kept_can_be_stored(text: str) -> None:
    kept = storable(excerpt(text) + text)

    assert "\x00" not in kept
    kept.encode("utf-8")


def test_the_record_of_a_call_holds_neither_key_nor_buyer() -> None:
    calls: list[Call] = []

    def talk(line: socket.socket) -> None:
        read_request(line)
        reply = answer(json.dumps({"message": "bad email buyer@example.com", "lastname": "Person"}).encode())
        line.sendall(reply.replace(b"200 OK", b"422 No"))

    with raw_server(talk) as address:
        client = HttpClient(address, headers={"Authorization": "0000-secret"}, deadline=5, on_call=calls.append)
        with pytest.raises(Exception, match="422") as raised:
            client.request("T1", "PUT", "/x", params={"email": "buyer@example.com", "token": "0000-secret"}, json=ORDER)
        client.close()

    kept = f"{calls[0]} {raised.value}"
    assert [word for word in PERSONAL if word in kept] == []
    assert (calls[0].status, calls[0].operation) == (422, "T1")


def test_two_currencies_are_never_added() -> None:
    assert Money(Decimal("1.10"), "EUR") + Money(Decimal("2.20"), "EUR") == Money(Decimal("3.30"), "EUR")

    with pytest.raises(ValueError, match="cannot be added"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_rounding_to_a_currency_moves_no_amount_by_more_than_half_a_unit(amount: Decimal) -> None:
    for currency in ("EUR", "JPY", "KWD"):
        rounded = Money(amount, currency).quantized().amount

        assert abs(rounded - amount) <= Decimal(1).scaleb(-exponent(currency)) / 2
        assert rounded == rounded.quantize(Decimal(1).scaleb(-exponent(currency)))
