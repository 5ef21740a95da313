"""Which rule decided each step of an offer's number, and why that one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import NoReverseMatch, reverse

from integration.domain.buffers import Aspect, Choice, facility_terms, rules_for_offer
from integration.domain.buffers import StockRule as Rule
from integration.models import Channel, ChannelFacility, OfferStock, StockItem, StockLevel, StockRule
from integration.queries.stock.item_stock import OfferOfItem
from integration.services.stock.rule_rows import Places, read_places, rules_of
from integration.web.stock.waterfalls import Reason

# The step that each aspect decides, and where its winner stands on the offer.
STEP_OF: Final = {
    Aspect.BUFFER: "buffer",
    Aspect.SHARE: "share",
    Aspect.CAP: "cap",
    Aspect.PACK: "pack",
    Aspect.FLOOR: "floor",
}


class Reasons:
    """The rules that may concern these offers, read once; then a reason for every step of each."""

    def __init__(
        self,
        item: StockItem,
        offers: Sequence[OfferOfItem],
        levels: Sequence[StockLevel],
        seen: Mapping[tuple[int, int], ChannelFacility],
        now: datetime,
    ) -> None:
        self.item, self.levels, self.seen, self.now = item, levels, seen, now
        self.places: Places = read_places()
        numbers = {number for offer in offers for number, _ in offer.parts}
        rows = StockRule.objects.filter(
            Q(channel=None) | Q(channel__in={offer.channel.pk for offer in offers}),
            Q(facility=None) | Q(facility__in={level.facility_id for level in levels}),
            is_active=True,
            offer_sku__in={"", *(offer.offer_sku for offer in offers)},
            item_number__in={"", *numbers},
        )
        self.rules: list[Rule] = rules_of(rows.order_by("id"), self.places) if offers else []

    def of(self, offer: OfferOfItem) -> dict[str, Reason]:
        """A reason for every step of the offer, by the step's name."""
        on = today_of(offer.channel, self.now)
        item = offer.only_item
        tags = self.item.tags if item is not None else ()
        chosen = rules_for_offer(
            self.rules, channel=offer.channel.code, offer_sku=offer.offer_sku, item=item, tags=tags, on=on
        )
        found = {step: _reason(chosen.choices[aspect], aspect, offer.stock) for aspect, step in STEP_OF.items()}
        found["eligible"], found["kept"] = self._facilities(offer, on)
        found["in_flight"] = Reason("Units that were sold and that the last reading of the warehouse cannot know yet.")
        return found

    def _facilities(self, offer: OfferOfItem, on: date) -> tuple[Reason, Reason]:
        out, kept = [], []
        for level in self.levels:
            terms = facility_terms(
                self.rules,
                channel=offer.channel.code,
                offer_sku=offer.offer_sku,
                item=self.item.number,
                tags=self.item.tags,
                facility=self.places.facility_words.get(level.facility_id, ""),
                on=on,
            )
            view = self.seen.get((offer.channel.pk, level.facility_id))
            if not level.facility.is_active:
                out.append(f"{level.facility.name}: switched off.")
            elif not terms.is_included:
                out.append(f"{level.facility.name}: excluded by a rule, {terms.included_by.why}.")
            elif view is not None and not view.is_eligible:
                out.append(f"{level.facility.name}: {view.words or 'cannot meet the promise now'}")
            elif terms.held_by.rule is not None:
                kept.append(f"{level.facility.name} keeps back {terms.held_by.why}.")
        others = "" if offer.only_item else " The other items of the offer are counted as well."
        stock = offer.stock
        was_out = not out and stock is not None and stock.total != stock.eligible
        was_kept = not kept and stock is not None and stock.eligible != stock.after_kept
        return (
            Reason(_then(was_out) + (" ".join(out) or "Every facility can meet what the channel promises.") + others),
            Reason(_then(was_kept) + (" ".join(kept) or "No facility keeps anything back.") + others),
        )


def today_of(channel: Channel, now: datetime) -> date:
    """The day it is for the rules of a channel."""
    settings = getattr(channel, "stock", None)
    return now.astimezone(ZoneInfo(settings.time_zone if settings else "UTC")).date()


def rule_address(rule_id: int) -> str:
    """Where a rule is seen and changed; empty while there is no such page."""
    try:
        return reverse("buffer", args=[rule_id])
    except NoReverseMatch:
        return ""


def _then(is_over: bool) -> str:
    """What stands before words about now that do not explain a number of before."""
    return "It was otherwise when the number was worked out; now: " if is_over else ""


def _reason(choice: Choice, aspect: Aspect, stock: OfferStock | None) -> Reason:
    won = choice.rule.id if choice.rule else None
    counted = getattr(stock, f"{aspect.value}_rule") if stock is not None else won
    words = choice.why if choice.rule is None else f"{choice.why}."
    if counted != won:
        words = f"Worked out by other rules; from its next computation on: {words}"
    return Reason(
        words=words,
        rule_id=won,
        address=rule_address(won) if won else "",
        beaten=tuple(f"{rule.value_words}: {rule.scope_words} ({why})" for rule, why in choice.beaten),
    )
