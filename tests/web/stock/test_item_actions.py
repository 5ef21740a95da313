import pytest
from django.test import Client

from core.models import AuditEntry
from integration.models import OfferStock, StockItem, StockRecheck, StockTouch
from tests.factories.stock import ItemComponentFactory
from tests.web.conftest import SignIn
from tests.web.stock.shelf import item_on, offer_of, stock_channel, text_of

pytestmark = pytest.mark.django_db


def _post(client: Client, item: StockItem, what: str, **fields: object) -> str:
    answer = client.post(f"/stock/items/{item.pk}/{what}/", fields, follow=True)
    return text_of(answer.content.decode())


def test_tags_are_set_in_order_each_once_and_audited_and_the_numbers_follow(sign_in: SignIn) -> None:
    item = item_on(stock_channel(), "ITEM-1", tags=["old"])

    words = _post(sign_in("Ecommerce"), item, "tags", tags=" peak,  very  fragile , peak,, ")

    item.refresh_from_db()
    entry = AuditEntry.objects.get(action="stock_item.tags")
    assert item.tags == ["peak", "very fragile"]
    assert (entry.before, entry.after) == ({"tags": ["old"]}, {"tags": ["peak", "very fragile"]})
    assert StockTouch.objects.get().item_number == "ITEM-1"
    assert "Tags of ITEM-1: peak, very fragile." in words


def test_the_same_tags_again_change_nothing(sign_in: SignIn) -> None:
    item = item_on(stock_channel(), "ITEM-1", tags=["peak"])

    _post(sign_in("Ecommerce"), item, "tags", tags="peak")

    assert not AuditEntry.objects.exists()
    assert not StockTouch.objects.exists()


@pytest.mark.parametrize(
    ("tags", "problem"),
    [("x" * 61, "at most 60 characters"), (",".join(f"t{n}" for n in range(21)), "at most 20 tags; these are 21")],
)
def test_tags_that_cannot_be_kept_are_refused_and_stay_in_the_field(sign_in: SignIn, tags: str, problem: str) -> None:
    item = item_on(stock_channel(), "ITEM-1", tags=["peak"])

    answer = sign_in("Ecommerce").post(f"/stock/items/{item.pk}/tags/", {"tags": tags})

    page = answer.content.decode()
    item.refresh_from_db()
    assert answer.status_code == 422
    assert problem in page
    assert f'value="{tags}"' in page
    assert item.tags == ["peak"]


def test_the_warehouse_is_asked_for_the_item_at_once(sign_in: SignIn) -> None:
    item = item_on(stock_channel(), "ITEM-1")

    words = _post(sign_in("Ecommerce"), item, "read-again")

    asked = StockRecheck.objects.get()
    assert (asked.item_number, asked.warehouse_id) == ("ITEM-1", item.warehouse_id)
    assert asked.not_before <= asked.asked_at
    assert AuditEntry.objects.get().action == "stock_item.read_again"
    assert "The warehouse is asked" in words


def test_of_a_kit_its_components_are_asked_for(sign_in: SignIn) -> None:
    kit = item_on(stock_channel(), "KIT-1", is_order_kit=True)
    for number in ("ITEM-1", "ITEM-2"):
        ItemComponentFactory(kit=kit, component_number=number)

    _post(sign_in("Ecommerce"), kit, "read-again")

    assert sorted(StockRecheck.objects.values_list("item_number", flat=True)) == ["ITEM-1", "ITEM-2"]


def test_one_offer_is_told_again_under_a_newer_number_of_the_sequence(sign_in: SignIn) -> None:
    channel = stock_channel(name="Harbour Plaza")
    item = item_on(channel, "ITEM-1")
    offer = offer_of(item, channel, "SKU-1", wanted_seq=0, pushed_seq=0)
    other = offer_of(item, channel, "SKU-2", wanted_seq=0, pushed_seq=0)

    words = _post(sign_in("Ecommerce"), item, "push-again", offer=offer.pk)

    waiting = [row.pk for row in OfferStock.objects.all() if row.wanted_seq > row.pushed_seq]
    assert waiting == [offer.pk]
    assert other.pk not in waiting
    assert "SKU-1 goes to Harbour Plaza with the next file." in words


def test_a_number_that_is_not_known_cannot_be_told(sign_in: SignIn) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1")
    offer = offer_of(item, channel, "SKU-1", wanted=None, pushed=None)

    words = _post(sign_in("Ecommerce"), item, "push-again", offer=offer.pk)

    assert "is not known, so there is nothing to tell" in words


@pytest.mark.parametrize("offer", ["", "x", "9" * 40, "²", "-1", "123456"])
def test_an_offer_that_is_not_there_is_not_found(sign_in: SignIn, offer: str) -> None:
    item = item_on(stock_channel(), "ITEM-1")

    answer = sign_in("Ecommerce").post(f"/stock/items/{item.pk}/push-again/", {"offer": offer})

    assert answer.status_code == 404


def test_who_may_not_change_stock_sees_the_buttons_off_with_the_reason(sign_in: SignIn) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1")
    offer_of(item, channel, "SKU-1")

    pages = {role: sign_in(role).get(f"/stock/items/{item.pk}/").content.decode() for role in ("Auditor", "Ecommerce")}

    reason = "Your role does not change stock. Ecommerce does."
    assert (reason in pages["Auditor"], reason in pages["Ecommerce"]) == (True, False)
    assert pages["Auditor"].count("disabled") > pages["Ecommerce"].count("disabled") == 0
