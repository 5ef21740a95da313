import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from integration.mirakl.stock_file import StockLine, stock_csv
from integration.models import OfferStock, StockPush
from integration.queries.stock import push_file as rebuilt
from integration.queries.stock.push_file import sent_file
from integration.services.stock.push_file import push_file
from tests.factories.lanes import ChannelFactory
from tests.factories.stock import ListedOfferFactory, OfferStockFactory, StockPushFactory, StockPushLineFactory
from tests.web.conftest import SignIn
from tests.web.orders.reading import csv_rows, queries_of
from tests.web.stock.shelf import item_on, offer_of, stock_channel, text_of, words_of

pytestmark = pytest.mark.django_db


def _rows(client: Client, query: str = "") -> list[int]:
    page = client.get(f"/stock/pushes/{query}").content.decode()
    return [int(words.split("/")[0]) for words in page.split('class="row-link" href="/stock/pushes/')[1:]]


def test_a_file_is_told_with_its_counts_its_import_and_how_long_it_took(sign_in: SignIn) -> None:
    push = StockPushFactory(
        channel__name="Harbour Plaza", lines=1200, drops=30, landed=1197, refused=3, import_id="771"
    )

    words = words_of(sign_in("Auditor"), "/stock/pushes/")

    assert f"no. {push.pk} Harbour Plaza Done, 3 refused 1,200 30 1,197 3" in words
    assert "30 s 771 COMPLETE" in words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "planned", "sent_at": None, "finished_at": None, "import_id": ""}, "To be sent 1 0 - - not yet - -"),
        ({"state": "processing", "finished_at": None, "mirakl_status": "RUNNING"}, "At the marketplace 1 0 - -"),
        ({"state": "failed", "landed": 0, "problem": "No such column"}, "Failed No such column 1 0 0 0"),
        ({"state": "given_up", "landed": 0}, "Given up 1 0 0 0"),
    ],
)
def test_each_state_is_a_word(sign_in: SignIn, values: dict[str, Any], words: str) -> None:
    StockPushFactory(**values)

    assert words in words_of(sign_in("Ecommerce"), "/stock/pushes/")


def test_files_are_narrowed_by_channel_state_day_and_refusals(sign_in: SignIn) -> None:
    north = ChannelFactory(code="NORTH")
    then = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    here = StockPushFactory(channel=north, created_at=then)
    failed = StockPushFactory(state="failed", created_at=then - timedelta(days=1))
    refused = StockPushFactory(refused=2, created_at=then - timedelta(days=2))
    client = sign_in("Ecommerce")

    shown = {
        query: _rows(client, query)
        for query in ("", "?channel=NORTH", "?state=failed", "?day=2026-11-18", "?refusals=true", "?sort=created_at")
    }

    assert shown == {
        "": [here.pk, failed.pk, refused.pk],
        "?channel=NORTH": [here.pk],
        "?state=failed": [failed.pk],
        "?day=2026-11-18": [refused.pk],
        "?refusals=true": [refused.pk],
        "?sort=created_at": [refused.pk, failed.pk, here.pk],
    }


def test_thirty_files_and_lines_cost_as_many_queries_as_three(sign_in: SignIn) -> None:
    client = sign_in("Ecommerce")
    pushes = [StockPushFactory(refused=1) for _ in range(3)]
    one = pushes[0]
    for _ in range(3):
        StockPushLineFactory(push=one)
    few = queries_of(client, "/stock/pushes/"), queries_of(client, f"/stock/pushes/{one.pk}/")
    for _ in range(27):
        StockPushFactory()
        StockPushLineFactory(push=one)

    many = queries_of(client, "/stock/pushes/"), queries_of(client, f"/stock/pushes/{one.pk}/")

    assert many == few


def test_the_page_of_a_file_tells_its_way_what_to_do_and_why_each_number(sign_in: SignIn) -> None:
    push = StockPushFactory(lines=2, landed=1, refused=1, sends=2, import_id="771")
    StockPushLineFactory(push=push, offer_sku="SKU-1", outcome="landed")
    StockPushLineFactory(push=push, offer_sku="SKU-2", outcome="refused", words="Offer is closed", before=None)
    StockPushLineFactory(offer_sku="SKU-OF-ANOTHER")

    words = words_of(sign_in("Ecommerce"), f"/stock/pushes/{push.pk}/")
    refused = words_of(sign_in("Ecommerce"), f"/stock/pushes/{push.pk}/?outcome=refused")

    for expected in (
        "Sent 2 times, as import 771",
        "Done: 1 landed, 1 refused",
        "then correct the SKU map",
        "SKU-1 7 was 9 20 in all, -5 not eligible, -3 in flight, -4 buffer, -1 cap = 7",
        "Refused Offer is closed",
    ):
        assert expected in words
    assert "SKU-OF-ANOTHER" not in words
    assert ("SKU-2" in refused, "SKU-1 7" in refused) == (True, False)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("planned", "as soon as the shop takes a file again"),
        ("processing", "No other file goes out meanwhile"),
        ("failed", "Nothing of it landed"),
        ("given_up", "what became of it is not known"),
    ],
)
def test_each_state_says_what_follows(sign_in: SignIn, state: str, words: str) -> None:
    push = StockPushFactory(state=state, finished_at=None if state in ("planned", "processing") else datetime.now(UTC))

    assert words in words_of(sign_in("Ecommerce"), f"/stock/pushes/{push.pk}/")


def _kept(push: StockPush, delimiter: str, act: str = "") -> bytes:
    """Lines as a shop without and one with warehouse codes has them; the file that was sent of them."""
    for number in range(5):
        places = {"W2": 3, "W1": number} if number % 2 else None
        StockPushLineFactory(push=push, offer_sku=f'SKU "{number};"', quantity=number + 3, places=places)
    content = push_file(push, delimiter=delimiter, act=act)
    push.sha256 = hashlib.sha256(content).hexdigest()
    push.save(update_fields=["sha256"])
    return content


@pytest.mark.parametrize(("delimiter", "act"), [(";", ""), (",", ""), (";", "update"), (",", "UPDATE")])
def test_the_file_comes_back_byte_for_byte_whatever_the_setting_is_now(
    sign_in: SignIn, delimiter: str, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilt, "CHUNK", 2)
    push = StockPushFactory()
    sent = _kept(push, delimiter, act)

    answer: Any = sign_in("Auditor").get(f"/stock/pushes/{push.pk}/file/")

    assert b"".join(answer.streaming_content) == sent
    assert answer["Content-Disposition"] == f'attachment; filename="holdpoint-push-{push.pk}.csv"'


def test_a_file_whose_lines_are_not_all_kept_is_not_made_up(sign_in: SignIn) -> None:
    push = StockPushFactory()
    _kept(push, ";")
    StockPushLineFactory(push=push, offer_sku="SKU-MORE")

    words = words_of(sign_in("Auditor"), f"/stock/pushes/{push.pk}/")
    answer = sign_in("Auditor").get(f"/stock/pushes/{push.pk}/file/", follow=True)

    assert "The file as it was sent" in words
    assert sent_file(push) is None
    assert "some of its lines are not kept any more" in text_of(answer.content.decode())


def test_a_file_that_was_not_sent_says_so(sign_in: SignIn) -> None:
    push = StockPushFactory(state="planned", sent_at=None, finished_at=None)

    answer = sign_in("Auditor").get(f"/stock/pushes/{push.pk}/file/", follow=True)

    assert "The file was not sent." in text_of(answer.content.decode())


def test_refused_lines_come_with_their_reason_and_run_no_formula(sign_in: SignIn) -> None:
    push = StockPushFactory(refused=1)
    StockPushLineFactory(push=push, offer_sku="=1+1", outcome="refused", words="@closed")
    StockPushLineFactory(push=push, offer_sku="SKU-2", outcome="landed")

    rows = csv_rows(sign_in("Auditor"), f"/stock/pushes/{push.pk}/refused/")

    assert rows == [{"offer-sku": "'=1+1", "quantity": "7", "reason": "'@closed"}]


def test_offers_of_a_failed_file_are_told_again_without_waiting(sign_in: SignIn) -> None:
    push = StockPushFactory(state="failed", landed=0)
    StockPushLineFactory(push=push, offer_sku="SKU-1")
    OfferStockFactory(channel=push.channel, offer_sku="SKU-1", wanted_seq=0, pushed_seq=0)
    client = sign_in("Ecommerce")

    answer = client.post(f"/stock/pushes/{push.pk}/again/", follow=True)

    push.refresh_from_db()
    offer = OfferStock.objects.get()
    assert offer.wanted_seq > offer.pushed_seq
    assert push.again_at is not None
    assert "The present numbers of 1 offers go to" in text_of(answer.content.decode())


def test_offers_without_an_item_lead_to_where_they_are_mapped(sign_in: SignIn) -> None:
    channel = stock_channel("NORTH")
    item = item_on(channel, "ITEM-1")
    offer_of(item, channel, "SKU-MAPPED")
    ListedOfferFactory(channel=channel, offer_sku="SKU-MAPPED")
    ListedOfferFactory(channel=channel, offer_sku="SKU-GONE", gone_at=datetime.now(UTC))
    ListedOfferFactory(channel=channel, offer_sku="SKU-LOST", references=["0400000000001"], is_active=False)
    ListedOfferFactory(offer_sku="SKU-MAPPED")  # the same word at another shop is another offer
    client = sign_in("Ecommerce")

    page = client.get("/stock/offers-without-item/?channel=NORTH").content.decode()
    rows = csv_rows(client, "/stock/offers-without-item/?format=csv")

    assert 'href="/sku-maps/sku/?channel=NORTH&amp;key=SKU-LOST"' in page
    assert "SKU-GONE" not in page
    assert [row["Offer SKU"] for row in rows] == ["SKU-MAPPED", "SKU-LOST"]
    assert rows[1]["EAN, UPC"] == "0400000000001"


def test_stock_csv_of_pieces_joins_to_the_whole() -> None:
    head = stock_csv(())
    lines = [StockLine("SKU-1", 3), StockLine("SKU-2", 4)]

    pieces = head + b"".join(stock_csv([line])[len(head) :] for line in lines)

    assert pieces == stock_csv(lines)
