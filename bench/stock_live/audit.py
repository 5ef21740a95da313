"""Judges a run from the sandbox's books: numbers at the end, order of landing, frequencies, and what was sold too much."""

import bisect
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any, Final

import httpx

from bench.stock_live.drive import Book
from bench.stock_live.plan import FACILITIES, RULES, SHOPS, TENANT, Plan, Shop, components, item, sku
from integration.domain.buffers import FacilityTerms, facility_terms, rules_for_offer
from integration.domain.buffers_csv import read_rules
from integration.domain.stock import Component, FacilityStock, NumberRules, offer_number

# A file holds what was known when it was sent: stock is read twice a minute, orders once, each with a little on top.
STOCK_KNOWN, ORDERS_KNOWN = 45.0, 75.0
# Whatever went wrong with files, a later one should have landed by then.
LONGEST_SILENCE = 240.0
GAPS: Final = {"STO01": 60.0, "STO02": 15.0, "STO03": 60.0, "OF52": 60.0, "OR11": 60.0}
HAIR = 0.001
LOOK_SECONDS = 3.0
Stock = Mapping[str, Mapping[str, Any]]
FILE_RULES: Final = tuple(rule for _, rule in read_rules(RULES).rules)


@dataclass
class Verdict:
    """What came of it. Everything but the figures must be nought."""

    wrong: list[str] = field(default_factory=list)
    backwards: list[str] = field(default_factory=list)
    too_often: list[str] = field(default_factory=list)
    throttled: Counter[str] = field(default_factory=Counter)
    oversold: int = 0
    preventable: list[str] = field(default_factory=list)
    overlapping: list[str] = field(default_factory=list)
    offers: int = 0
    drained: float = 0.0
    imports: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    overtaken: int = 0
    unlanded: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing went wrong."""
        return not any((self.wrong, self.backwards, self.too_often, self.preventable, self.overlapping, self.unlanded))


def drain(hand: httpx.Client, plan: Plan) -> tuple[list[str], float]:
    """Wait until every offer shows the rules' answer for the final stock; what still differs, and how long it took."""
    began = time.monotonic()
    while True:
        wrong = _wrong(hand, plan)
        if not wrong or time.monotonic() - began > plan.drain_minutes * 60:
            return wrong, time.monotonic() - began
        time.sleep(LOOK_SECONDS)


def judge(hand: httpx.Client, plan: Plan, book: Book, wrong: list[str], drained: float) -> Verdict:
    """Look at everything that was written down."""
    verdict = Verdict(wrong=wrong, drained=drained, offers=plan.items * len(SHOPS))
    calls = _calls(hand)
    _frequencies(verdict, calls)
    for shop in SHOPS:
        jobs = _imports(hand, shop)
        verdict.imports.update(job["status"] for job in jobs)
        _one_at_a_time(verdict, shop, jobs)
        params = {"operator": shop.operator, "shop_id": str(shop.shop_id)}
        seen = hand.get("/landings", params=params).json()["backwards_seen"]
        verdict.backwards += [f"{shop.code}: {row}" for row in seen]
        _oversold(verdict, shop, jobs, book)
        _delays(verdict, hand, plan, shop, book)
    return verdict


def number_of(shop: Shop, number: int, stock: Stock, plan: Plan) -> int:
    """What the rules say of one offer for that stock, worked out by the domain alone."""
    parts = components(shop.code, number, plan.items)
    single = parts[0][0] if len(parts) == 1 else None
    chosen = _rules(shop.code, sku(number) if _names(sku(number)) else "", single if single and _names(single) else "*")
    rows = tuple(
        Component(part, Decimal(units), tuple(_facility(shop.code, part, code, stock) for code in FACILITIES))
        for part, units in parts
    )
    return int(offer_number(rows, chosen).quantity or 0)


@cache
def _names(word: str) -> bool:
    return any(word in (rule.item, rule.offer_sku) for rule in FILE_RULES)


@cache
def _rules(channel: str, offer_sku: str, single: str) -> NumberRules:
    today = datetime.now(UTC).date()
    return rules_for_offer(FILE_RULES, channel=channel, offer_sku=offer_sku, item=single, on=today).numbers


@cache
def _terms(channel: str, part: str, code: str) -> FacilityTerms:
    today = datetime.now(UTC).date()
    return facility_terms(FILE_RULES, channel=channel, offer_sku="", item=part, facility=code, on=today)


def _facility(channel: str, part: str, code: str, stock: Stock) -> FacilityStock:
    terms = _terms(channel, part if _names(part) else "*", code)
    atp = stock[part].get(code)
    known = None if atp is None else Decimal(str(atp))
    return FacilityStock(code, known, terms.is_included, terms.held_units, terms.held_percent)


def _wrong(hand: httpx.Client, plan: Plan) -> list[str]:
    stock = _final(hand)
    wrong = []
    for shop in SHOPS:
        params = {"operator": shop.operator, "shop_id": str(shop.shop_id)}
        shown = hand.get("/offers", params=params).json()["offers"]
        for number in plan.numbers:
            should = number_of(shop, number, stock, plan)
            if shown[sku(number)] != should:
                wrong.append(f"{shop.code} {sku(number)} shows {shown[sku(number)]}, should {should}")
    return wrong


def _final(hand: httpx.Client) -> dict[str, dict[str, Any]]:
    body = hand.get("/stock/final", params={"tenant": TENANT}).json()
    places = body["facilities"]
    return {name: dict(zip(places, row, strict=True)) for name, row in body["items"].items()}


def _calls(hand: httpx.Client) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    for operation in GAPS:
        position = 0
        while rows := hand.get("/ledger", params={"operation": operation, "from": str(position)}).json()["calls"]:
            calls += rows
            position = rows[-1]["position"] + 1
    return calls


def _frequencies(verdict: Verdict, calls: Sequence[dict[str, Any]]) -> None:
    """How far apart calls of a kind arrived, from each shop. A look at single orders or a further page is no poll."""
    last: dict[tuple[str, str], float] = {}
    for call in calls:
        if call["status"] == 429:  # noqa: PLR2004 -- too many requests
            verdict.throttled[call["operation"]] += 1
        if call["operation"] == "OR11":
            continue  # the sandbox is strict: one too many of it was throttled
        key = (call["operation"], call["owner"])
        gap = call["at"] - last.get(key, float("-inf"))
        if gap < GAPS[call["operation"]] - HAIR:
            verdict.too_often.append(f"{key[0]} of {key[1]}: {gap:.2f} s apart")
        last[key] = call["at"]


def _imports(hand: httpx.Client, shop: Shop) -> list[dict[str, Any]]:
    params = {"operator": shop.operator, "shop_id": str(shop.shop_id), "kind": "stock"}
    rows: list[dict[str, Any]] = hand.get("/imports", params=params).json()["imports"]
    return rows


def _one_at_a_time(verdict: Verdict, shop: Shop, jobs: Sequence[dict[str, Any]]) -> None:
    """A file that arrives while another of the shop is not done; a repeat of one whose answer was lost is none."""
    for before, after in pairwise(jobs):
        is_open = before["ended_at"] is None or before["ended_at"] > after["sent"]
        if is_open and before["lines"] != after["lines"]:
            verdict.overlapping.append(f"{shop.code}: import {after['id']} sent while {before['id']} ran")


def _oversold(verdict: Verdict, shop: Shop, jobs: Sequence[dict[str, Any]], book: Book) -> None:
    """Sales above what was free. Preventable: the last file that landed in time should have told a smaller number."""
    landed = sorted((job["ended_at"], job["sent"]) for job in jobs if job["status"] == "COMPLETE")
    for tried in book.tries:
        if tried["shop"] != shop.code or not tried["oversold"]:
            continue
        verdict.oversold += 1
        place = bisect.bisect_right(landed, (tried["at"], float("inf"))) - 1
        sent = max(landed[place][1] if place >= 0 else 0.0, tried["at"] - LONGEST_SILENCE)
        known = _most_known(book, tried["item"], sent)
        stock = {tried["item"]: dict.fromkeys(FACILITIES, 0) | {FACILITIES[0]: known}}
        plan_like = int(tried["item"].rpartition("-")[2])
        should = _single_number(shop, plan_like, stock)
        if should < tried["units"]:
            verdict.preventable.append(
                f"{shop.code} {tried['sku']}: sold {tried['units']} of {tried['free']} free, {tried['at'] - sent:.0f} s "
                f"after a file that should have said {should} and said {tried['shown']}"
            )


def _single_number(shop: Shop, number: int, stock: Stock) -> int:
    name = item(number)
    chosen = _rules(shop.code, sku(number) if _names(sku(number)) else "", name if _names(name) else "*")
    places = tuple(_facility(shop.code, name, code, stock) for code in FACILITIES)
    return int(offer_number((Component(name, Decimal(1), places),), chosen).quantity or 0)


def _most_known(book: Book, name: str, sent: float) -> int:
    """The most that any reading in time for a file can have told of a raced item, less what was surely known as sold."""
    rows = book.on_hand.get(name, [])
    values = [units for at, units in rows if sent - STOCK_KNOWN <= at <= sent]
    before = [units for at, units in rows if at < sent - STOCK_KNOWN]
    values += before[-1:] or [int(name.rpartition("-")[2]) % 13]
    sold = sum(
        tried["units"]
        for tried in book.tries
        if tried["bought"] and tried["item"] == name and tried["at"] < sent - ORDERS_KNOWN
    )
    return int(max(values) - sold)


def _delays(verdict: Verdict, hand: httpx.Client, plan: Plan, shop: Shop, book: Book) -> None:
    """How long it took from a change of an item that nobody else touched to its number in the shop."""
    skus = ",".join(sku(number) for number in sorted({number for _, number, _ in book.probes}))
    params = {"operator": shop.operator, "shop_id": str(shop.shop_id), "sku": skus}
    landings = hand.get("/landings", params=params).json()["offers"] if skus else {}
    for at, number, base in book.probes:
        if len(components(shop.code, number, plan.items)) > 1:
            continue
        stock = {item(number): dict.fromkeys(FACILITIES, 0) | {FACILITIES[0]: base}}
        should = number_of(shop, number, stock, plan)
        rows = landings[sku(number)]
        before = [row[3] for row in rows if row[0] < at]
        landed = [row[0] for row in rows if row[0] >= at and row[3] == should]
        later = [other for other, same, _ in book.probes if same == number and other > at]
        if landed and not (later and landed[0] > later[0]):
            verdict.delays.append(landed[0] - at)
        elif later:
            verdict.overtaken += before[-1:] != [should]
        elif before[-1:] != [should]:
            verdict.unlanded += 1
