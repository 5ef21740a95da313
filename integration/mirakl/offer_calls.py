"""Offers and their stock at Mirakl: listing, imports of stock, exports of offers."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

import httpx

from core.http import HttpClient, NotSentError
from integration.mirakl.calls import ShopCalls
from integration.mirakl.export_file import COLUMNS, TEXT_TYPE, ExportedOffer, exported_offers
from integration.mirakl.offers import OfferExport, OffersPage, StockImport
from integration.mirakl.reading import Json, as_iso, as_object, as_text_of, import_named, offers_page, read
from integration.mirakl.stock_file import RefusedLine, refused_lines

# Mirakl refuses longer list parameters: "The limit of 100 is exceeded".
LIST_LIMIT = 100
# A file of an export may be large, and Mirakl slow: this is for all of it, with what is done between its pieces.
EXPORT_SECONDS = 1800.0
ITEMS_PER_CHUNK = 100_000


class OfferCalls(ShopCalls):
    """The part of a shop's client that is about offers."""

    def offers(
        self,
        *,
        sku: str | None = None,
        product_id: str | None = None,
        offer_state_codes: Sequence[str] = (),
        max: int = LIST_LIMIT,  # noqa: A002 -- Mirakl's own word
        offset: int = 0,
        sort: str | None = None,
        order: str | None = None,
    ) -> OffersPage:
        """OF21 GET /api/offers: one page. Knows no date of change, so it is for few offers: many are exported.

        Published for the view of a page of offers only.
        """
        params = {
            "sku": sku,
            "product_id": product_id,
            "offer_state_codes": ",".join(offer_state_codes) or None,
            "max": max,
            "offset": offset,
            "sort": sort,
            "order": order,
        }
        return offers_page(self._http.request("OF21", "GET", "/api/offers", params={**params, **self._shop}))

    def update_offers(self, offers: Sequence[Json]) -> str:
        """OF24 POST /api/offers: resets every field that is left out, so never for stock. The import's id."""
        reply = self._http.request("OF24", "POST", "/api/offers", params=self._shop, json={"offers": list(offers)})
        return as_text_of(as_object(reply.json()), "import_id")

    # Stock

    def import_stock(self, csv: bytes) -> str:
        """STO01 POST /api/offers/stock/imports: a CSV as one part named `file`. The import's id. At most once a minute.

        Where the answer does not say it, its address does. The same file again, while it waits, is answered with the import
        there is; perhaps for ever. See `stock_file.stock_csv`.
        """
        reply = self._http.request(
            "STO01",
            "POST",
            "/api/offers/stock/imports",
            params=self._shop,
            files={"file": ("stock.csv", csv, "text/csv")},
        )
        return import_named(reply)

    def stock_import_status(self, import_id: str) -> StockImport:
        """STO02: how far the import is. COMPLETE may still hold lines in error. At most every 15 seconds."""
        path = f"/api/offers/stock/imports/{quote(import_id, safe='')}/status"
        return read(StockImport, self._get("STO02", path))

    def stock_import_errors(self, import_id: str) -> list[RefusedLine]:
        """STO03: the refused lines with Mirakl's words. At most once a minute.

        Raises UnknownOutcomeError for a report that cannot be read; StatusError 404 where there is none.
        """
        path = f"/api/offers/stock/imports/{quote(import_id, safe='')}/error_report"
        reply = self._http.request("STO03", "GET", path, params=self._shop, headers={"Accept": "text/csv"})
        return refused_lines(reply.body)

    # Exports of offers

    def request_offer_export(
        self,
        *,
        last_request_date: datetime | None = None,
        include_inactive: bool = False,
        items_per_chunk: int = ITEMS_PER_CHUNK,
        columns: Sequence[str] = COLUMNS,
    ) -> str:
        """OF52 POST /api/offers/export/async: ask for a CSV of offers. The export's tracking id.

        With a date it is what changed since then, inactive and deleted offers included: at most once a minute. Without,
        all offers on sale, and the others too when `include_inactive`: at most once a day. CSV, since it is read row by
        row; no `columns` asks for all there are.
        """
        body: Json = {"export_type": TEXT_TYPE, "items_per_chunk": items_per_chunk}
        if columns:
            body["include_fields"] = list(columns)
        if last_request_date is not None:
            body["last_request_date"] = as_iso(last_request_date)
        elif include_inactive:
            # Together with a date it is refused.
            body["include_inactive_offers"] = True
        reply = self._http.request("OF52", "POST", "/api/offers/export/async", params=self._shop, json=body)
        return as_text_of(as_object(reply.json()), "tracking_id")

    def offer_export_status(self, tracking_id: str) -> OfferExport:
        """OF53 GET /api/offers/export/async/status/{tracking_id}. At most every 10 seconds."""
        path = f"/api/offers/export/async/status/{quote(tracking_id, safe='')}"
        return read(OfferExport, self._get("OF53", path))

    def offer_export_chunk(self, url: str, *, deadline: float = EXPORT_SECONDS) -> Iterator[ExportedOffer]:
        """OF54: the offers of one file, one by one as they come. Close the iterator when it is not read to its end.

        The key goes to the operator's own host only; a file elsewhere is fetched without it, over https. Raises
        UnknownOutcomeError, at any row, when the file breaks off: the rows so far are not all of it.
        """
        address, own = httpx.URL(url), httpx.URL(self._url)
        if _is_own(address, own):
            # By our own way there: an address with http:// is not to carry the key.
            there = address.copy_with(scheme=own.scheme, port=own.port)
            if self._shop and "shop_id" not in there.params:
                shop = urlencode(self._shop).encode()
                there = there.copy_with(query=b"&".join(filter(None, (there.query, shop))))
            yield from exported_offers(self._http.stream("OF54", str(there), headers=CSV, deadline=deadline))
            return
        if address.scheme != "https":
            message = f"not sent: the export's file on {address.host} is not offered over https"
            raise NotSentError(message)
        origin = str(address.copy_with(raw_path=b"/"))
        elsewhere = HttpClient(origin, headers=CSV, transport=self._transport, on_call=self._on_call)
        try:
            yield from exported_offers(elsewhere.stream("OF54", url, deadline=deadline))
        finally:
            if self._transport is None:
                elsewhere.close()


CSV = {"Accept": "text/csv"}
PORTS = {"http": 80, "https": 443}


def _is_own(address: httpx.URL, own: httpx.URL) -> bool:
    """Whether an address is the operator's own host: any other port of it is somebody else's."""
    told = None if address.port == PORTS.get(address.scheme) else address.port
    return address.host.lower() == own.host.lower() and told in (None, own.port or PORTS.get(own.scheme))
