"""The pages of stock rules: seen before it is applied, applied as it was seen, taken back, for ecommerce alone."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integration.models import Channel, OfferStock, StockRule, StockRuleChange
from integration.services.stock.compute_numbers import compute_warehouse
from tests.factories.lanes import ChannelFactory
from tests.web.conftest import SignIn
from tests.web.stock.shelf import item_on, level_of, offer_of, stock_channel, text_of

pytestmark = pytest.mark.django_db
BLANK = dict.fromkeys(
    (
        "channel",
        "item",
        "offer_sku",
        "tag",
        "facility",
        "percent",
        "value",
        "includes",
        "first_date",
        "last_date",
        "note",
    ),
    "",
)
RULE = {**BLANK, "aspect": "buffer", "units": "4"}


@pytest.fixture
def channel() -> Channel:
    """A channel with one offer that shows 20."""
    made = stock_channel("EU")
    item = item_on(made, "A-1")
    level_of(item, 20, "Level Street")
    offer_of(item, made, "SKU-1", wanted=20)
    assert made.warehouse is not None
    compute_warehouse(warehouse=made.warehouse)
    return made


@pytest.fixture
def ecommerce(sign_in: SignIn) -> Client:
    return sign_in("Ecommerce")


def numbers(channel: Channel) -> list[int | None]:
    assert channel.warehouse is not None
    compute_warehouse(warehouse=channel.warehouse)
    return list(OfferStock.objects.values_list("wanted", flat=True))


def answer_of(client: Client, address: str, body: dict[str, Any], status: int = 200) -> str:
    answer = client.post(address, body)
    assert answer.status_code == status
    return text_of(answer.content.decode())


def test_a_new_rule_is_seen_with_what_it_moves_before_anything_changes(channel: Channel, ecommerce: Client) -> None:
    page = answer_of(ecommerce, "/stock/buffers/new/", RULE | {"do": "preview"})

    assert "1 number would move" in page
    assert "EU SKU-1 20 16" in page
    assert not StockRule.objects.exists()
    assert numbers(channel) == [20]


def test_an_applied_rule_moves_the_number_and_keeps_what_it_was_said_to_move(
    channel: Channel, ecommerce: Client
) -> None:
    answer = ecommerce.post("/stock/buffers/new/", RULE | {"do": "apply"})

    assert (answer.status_code, answer["Location"]) == (302, "/stock/buffers/")
    assert numbers(channel) == [16]
    change = StockRuleChange.objects.get()
    assert (change.preview["moved"], change.summary) == (1, "New: buffer 4 units, everywhere")


def test_a_rule_can_be_changed_and_removed_with_the_same_care(channel: Channel, ecommerce: Client) -> None:
    ecommerce.post("/stock/buffers/new/", RULE | {"do": "apply"})
    rule = StockRule.objects.get()

    seen = answer_of(ecommerce, f"/stock/buffers/{rule.pk}/save/", RULE | {"units": "9", "do": "preview"})
    ecommerce.post(f"/stock/buffers/{rule.pk}/save/", RULE | {"units": "9", "do": "apply"})
    changed = numbers(channel)
    asked = text_of(ecommerce.get(f"/stock/buffers/{rule.pk}/remove/").content.decode())
    ecommerce.post(f"/stock/buffers/{rule.pk}/remove/")

    assert "EU SKU-1 20 11" in seen or "EU SKU-1 16 11" in seen
    assert changed == [11]
    assert "1 number would move" in asked
    assert numbers(channel) == [20]


def test_a_change_is_undone_from_the_list_of_changes(channel: Channel, ecommerce: Client) -> None:
    ecommerce.post("/stock/buffers/new/", RULE | {"do": "apply"})
    change = StockRuleChange.objects.get()
    listed = text_of(ecommerce.get("/stock/buffers/changes/").content.decode())

    ecommerce.post(f"/stock/buffers/changes/{change.pk}/undo/")
    again = ecommerce.post(f"/stock/buffers/changes/{change.pk}/undo/", follow=True)

    assert "New: buffer 4 units, everywhere 1 1 number: 0 higher, 1 lower Undo" in listed
    assert numbers(channel) == [20]
    assert "undone already" in text_of(again.content.decode())


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ({"units": ""}, "Enter units, or percent, or both."),
        ({"aspect": "share", "units": "", "value": "0"}, "from 1 to 100 percent"),
        ({"first_date": "2026-12-24", "last_date": "2026-12-01"}, "The last date is before the first."),
        ({"aspect": "nothing"}, "Select a valid choice"),
    ],
)
def test_a_bad_rule_is_answered_with_what_to_do(ecommerce: Client, entered: dict[str, str], words: str) -> None:
    page = answer_of(ecommerce, "/stock/buffers/new/", RULE | entered | {"do": "apply"}, status=422)

    assert words in page
    assert not StockRule.objects.exists()


def test_an_address_fills_in_what_the_rule_is_for(ecommerce: Client) -> None:
    ChannelFactory(code="EU")

    page = ecommerce.get("/stock/buffers/new/?aspect=cap&channel=EU&item=A-1&value=7").content.decode()

    assert re.search(r'<option value="cap" selected', page)
    assert re.search(r'<option value="EU" selected', page)
    assert re.search(r'name="item"[^>]*value="A-1"|value="A-1"[^>]*name="item"', page)


def test_a_file_is_checked_with_what_moves_and_applied_as_it_was_checked(channel: Channel, ecommerce: Client) -> None:
    file = SimpleUploadedFile("rules.csv", b"aspect,units\nbuffer,6\n", content_type="text/csv")
    checked = ecommerce.post("/stock/buffers/file/", {"file": file})
    sealed = re.search(r'name="sealed" value="([^"]+)"', checked.content.decode())
    assert sealed is not None

    ecommerce.post("/stock/buffers/file/apply/", {"sealed": sealed.group(1)})

    assert "EU SKU-1 20 14" in text_of(checked.content.decode())
    assert numbers(channel) == [14]


def test_a_file_that_was_checked_against_other_rules_is_not_applied(channel: Channel, ecommerce: Client) -> None:
    file = SimpleUploadedFile("rules.csv", b"aspect,units\nbuffer,6\n", content_type="text/csv")
    checked = ecommerce.post("/stock/buffers/file/", {"file": file})
    sealed = re.search(r'name="sealed" value="([^"]+)"', checked.content.decode())
    assert sealed is not None
    ecommerce.post("/stock/buffers/new/", RULE | {"do": "apply"})

    page = answer_of(ecommerce, "/stock/buffers/file/apply/", {"sealed": sealed.group(1)}, status=422)

    assert "Rules were changed since you checked" in page
    assert list(StockRule.objects.values_list("units", flat=True)) == [4]


def test_a_bad_file_names_its_lines(ecommerce: Client) -> None:
    file = SimpleUploadedFile("rules.csv", b"aspect,units,channel\nbuffer,six,\nbuffer,1,XX\n", content_type="text/csv")

    answer = ecommerce.post("/stock/buffers/file/", {"file": file})

    page = text_of(answer.content.decode())
    assert answer.status_code == 422
    assert "2 Error units Write a whole number." in page
    assert "There is no channel XX" in page


def test_whoever_may_only_look_sees_the_rules_and_cannot_change_them(channel: Channel, sign_in: SignIn) -> None:
    sign_in("Ecommerce").post("/stock/buffers/new/", RULE | {"do": "apply"})
    rule = StockRule.objects.get()
    client = sign_in("Warehouse")

    listed = text_of(client.get("/stock/buffers/").content.decode())
    page = client.get(f"/stock/buffers/{rule.pk}/").content.decode()
    refused = client.post(f"/stock/buffers/{rule.pk}/save/", RULE | {"do": "apply", "units": "1"})

    assert "Buffer 4 units everywhere always" in listed
    assert "See what would move" not in page
    assert refused.status_code == 403


def test_the_list_is_narrowed_by_words_channel_and_time(ecommerce: Client) -> None:
    ChannelFactory(code="EU")
    for extra in (
        {"item": "A-1"},
        {"channel": "EU", "units": "5"},
        {"first_date": "2020-01-01", "last_date": "2020-02-01"},
    ):
        ecommerce.post("/stock/buffers/new/", RULE | extra | {"do": "apply"})
    ecommerce.get("/stock/buffers/")  # what was just saved is said once

    by_words = text_of(ecommerce.get("/stock/buffers/?words=A-").content.decode())
    over = text_of(ecommerce.get("/stock/buffers/?when=over").content.decode())
    today = text_of(ecommerce.get("/stock/buffers/?when=today").content.decode())

    assert "item A-1" in by_words
    assert "channel EU" not in by_words
    assert "from 2020-01-01 to 2020-02-01" in over
    assert "item A-1" not in over
    assert "from 2020-01-01" not in today


def test_the_list_asks_the_database_the_same_whatever_its_length(
    ecommerce: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        ecommerce.post("/stock/buffers/new/", RULE | {"item": f"A-{number}", "do": "apply"})

    with django_assert_max_num_queries(20):
        ecommerce.get("/stock/buffers/")


def test_all_rules_are_a_file_that_reads_as_no_change(ecommerce: Client) -> None:
    ecommerce.post("/stock/buffers/new/", RULE | {"do": "apply"})
    text = ecommerce.get("/stock/buffers/all.csv").content

    file = SimpleUploadedFile("rules.csv", text, content_type="text/csv")
    page = text_of(ecommerce.post("/stock/buffers/file/", {"file": file}).content.decode())

    assert "Every rule of the file stands already." in page
