import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integration.models import Channel, SkuMapping
from integration.services.map_sku import map_sku
from tests.factories.lanes import ChannelFactory, HoldFactory, OrderFactory, SkuMappingFactory
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db
CHECK, APPLY = "/sku-maps/import/", "/sku-maps/import/apply/"
HEAD = "offer_sku,item_number,units_per_offer\n"


def _check(client: Client, text: str | bytes, *, channel: str = "SHOP-A") -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(CHECK, {"channel": channel, "file": SimpleUploadedFile("map.csv", content)})


def _sealed(answer: Any) -> str:
    found = re.search(r'name="sealed"\s+value="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


def _parts(channel: Channel) -> dict[tuple[str, str], Decimal]:
    rows = SkuMapping.objects.filter(channel=channel)
    return {(row.offer_sku, row.item_number): row.units_per_offer for row in rows}


@pytest.fixture
def channel() -> Channel:
    made: Channel = ChannelFactory(code="SHOP-A")
    SkuMappingFactory(channel=made, offer_sku="SAME", item_number="ITEM-1")
    SkuMappingFactory(channel=made, offer_sku="OTHER", item_number="ITEM-2")
    return made


def test_checking_shows_each_row_and_what_it_frees_and_writes_nothing(sign_in: SignIn, channel: Channel) -> None:
    HoldFactory(order=OrderFactory(channel=channel, is_held=True, total_price=Decimal("12.30")), cause_key="FRESH")
    before = _parts(channel)

    answer = _check(sign_in("Ecommerce"), f"{HEAD}SAME,ITEM-1,1\nOTHER,ITEM-2,4\nFRESH,ITEM-3,\n")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert [page.count(words) for words in ("As it is</span>", "Changed</span>", "New</span>")] == [1, 1, 1]
    assert "was 1 units" in page
    assert "<strong>1 order</strong>" in page
    assert "12.30" in page
    assert _parts(channel) == before


def test_applying_does_exactly_what_was_checked(sign_in: SignIn, channel: Channel) -> None:
    client = sign_in("Ecommerce")
    hold = HoldFactory(order=OrderFactory(channel=channel, is_held=True), cause_key="FRESH")
    sealed = _sealed(_check(client, f"{HEAD}OTHER,ITEM-2,4\nFRESH,ITEM-3,\n"))

    answer = client.post(APPLY, {"sealed": sealed, "text": f"{HEAD}EVIL,ITEM-9,1\n"}, follow=True)

    hold.order.refresh_from_db()
    assert _parts(channel) == {("SAME", "ITEM-1"): 1, ("OTHER", "ITEM-2"): 4, ("FRESH", "ITEM-3"): 1}
    assert not hold.order.is_held
    assert "1 new, 1 changed, 0 as they were. 1 order goes on." in answer.content.decode()


def test_a_check_that_was_changed_on_its_way_is_refused(sign_in: SignIn, channel: Channel) -> None:
    client, before = sign_in("Ecommerce"), _parts(channel)
    sealed = _sealed(_check(client, f"{HEAD}FRESH,ITEM-3,1\n"))

    answer = client.post(APPLY, {"sealed": sealed[:-2] + ("AA" if sealed[-2:] != "AA" else "BB")})

    assert answer.status_code == 422
    assert "Nothing was applied" in answer.content.decode()
    assert _parts(channel) == before


def test_a_map_that_changed_since_the_check_is_checked_again(sign_in: SignIn, channel: Channel) -> None:
    client = sign_in("Ecommerce")
    sealed = _sealed(_check(client, f"{HEAD}FRESH,ITEM-3,1\n"))
    map_sku(channel=channel, offer_sku="FRESH", components=[("ITEM-8", Decimal(1))], by=None)

    answer = client.post(APPLY, {"sealed": sealed})

    assert answer.status_code == 422
    assert "was changed since you checked" in answer.content.decode()
    assert _parts(channel)["FRESH", "ITEM-8"] == 1
    assert client.post(APPLY, {"sealed": _sealed(answer)}).status_code == 302


def test_items_that_the_file_leaves_out_of_a_kit_are_named_before_they_are_taken_away(
    sign_in: SignIn, channel: Channel
) -> None:
    client = sign_in("Ecommerce")
    SkuMappingFactory(channel=channel, offer_sku="SAME", item_number="ITEM-EXTRA")

    answer = _check(client, f"{HEAD}SAME,ITEM-1,1\n")
    client.post(APPLY, {"sealed": _sealed(answer)})

    page = answer.content.decode()
    assert "1 item that the file does not name is taken from its SKU" in page
    assert "Every row stands in the map already" not in page
    assert _parts(channel) == {("SAME", "ITEM-1"): 1, ("OTHER", "ITEM-2"): 1}


def test_a_bad_row_is_told_with_its_line_and_nothing_can_be_applied(sign_in: SignIn, channel: Channel) -> None:
    before = _parts(channel)

    answer = _check(sign_in("Ecommerce"), f"{HEAD}FRESH,ITEM-3,many\n,ITEM-4,1\nGOOD,ITEM-5,1\n")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Units per offer must be a number" in page
    assert "The offer SKU is empty." in page
    assert 'name="sealed"' not in page
    assert _parts(channel) == before


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{HEAD}FRESH,ITEM-3,2\n".encode(),
        b"offer_sku;item_number;units_per_offer\r\nFRESH;ITEM-3;2\r\n",
        b"Item_Number,Units_Per_Offer,Offer_SKU\nITEM-3,2,FRESH\n",
    ],
    ids=["byte order mark", "semicolons", "another order of columns"],
)
def test_files_as_spreadsheets_write_them_are_read(sign_in: SignIn, channel: Channel, content: bytes) -> None:
    client = sign_in("Ecommerce")

    client.post(APPLY, {"sealed": _sealed(_check(client, content))})

    assert _parts(channel)["FRESH", "ITEM-3"] == 2


def test_rows_may_be_pasted_instead(sign_in: SignIn, channel: Channel) -> None:
    client = sign_in("Ecommerce")

    answer = client.post(CHECK, {"channel": "SHOP-A", "text": f"{HEAD}FRESH,ITEM-3,2\n"})
    client.post(APPLY, {"sealed": _sealed(answer)})

    assert _parts(channel)["FRESH", "ITEM-3"] == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (HEAD.encode("utf-16"), "is not UTF-8 text"),
        (f"{HEAD}SKÜ,ITEM-3,2\n".encode("latin-1"), "is not UTF-8 text"),
        (b"x" * 1_000_001, "larger than 1 MB"),
        (HEAD.encode(), "no row under the header line"),
        (b"sku,item\nA,B\n", "missing: offer_sku, item_number"),
    ],
    ids=["utf-16", "latin-1", "too large", "no rows", "other columns"],
)
def test_a_file_that_cannot_be_read_says_why(sign_in: SignIn, channel: Channel, content: bytes, problem: str) -> None:
    answer = _check(sign_in("Ecommerce"), content)

    assert answer.status_code == 422
    assert problem in answer.content.decode()


def test_no_file_and_no_rows_is_told(sign_in: SignIn, channel: Channel) -> None:
    answer = sign_in("Ecommerce").post(CHECK, {"channel": "SHOP-A"})

    assert answer.status_code == 422
    assert "Choose a file, or paste its rows below." in answer.content.decode()


def test_the_file_to_begin_with_passes_its_own_check(sign_in: SignIn, channel: Channel) -> None:
    client = sign_in("Ecommerce")

    template = client.get("/sku-maps/import/template/")
    answer = _check(client, template.content)

    assert template["Content-Disposition"] == 'attachment; filename="sku-map.csv"'
    assert answer.status_code == 200


@pytest.mark.parametrize("role", ["Warehouse", "Auditor"])
def test_who_may_not_edit_may_not_import(sign_in: SignIn, channel: Channel, role: str) -> None:
    client = sign_in(role)

    assert client.get(CHECK).status_code == 403
    assert _check(client, f"{HEAD}FRESH,ITEM-3,1\n").status_code == 403
    assert client.post(APPLY, {"sealed": "x"}).status_code == 403
