"""What the demo's stock lane begins with: what facilities keep, what shops promise, a few rules, tags and a kit."""

from collections.abc import Collection
from datetime import time
from decimal import Decimal
from typing import Final

from core.models import User
from integration.domain.buffers import Aspect, StockRule
from integration.models import Channel, Facility
from integration.models import StockRule as StockRuleRow
from integration.services.map_sku import map_sku
from integration.services.stock.change_rules import RuleSet, change_rules
from integration.services.stock.set_capability import (
    Capability,
    ChannelTerms,
    set_channel_terms,
    set_facility_capability,
)

WEEK: Final = (1, 2, 3, 4, 5)
# By number: cut-off, handling hours, working days.
FACILITIES: Final = {
    "LVL": (time(15, 0), 0, (*WEEK, 6)),
    "DOC": (time(14, 0), 4, WEEK),
    "HIL": (time(11, 0), 48, WEEK),
    "BAY": (None, 8, (*WEEK, 6, 7)),
}
# By channel: hours promised, hours of which weekends count.
PROMISES: Final = {"NORTHFR": (72, True), "NORTHDE": (None, True), "PLAZA": (24, True)}
PUSH_SECONDS: Final = 60
ZONE: Final = "Europe/Paris"
KIT_SKU, KIT_ITEM = "SKU-KIT-1", "KIT-001"
RULES: Final = (
    StockRule(None, Aspect.BUFFER, units=2, note="Kept back everywhere, for what is counted wrong"),
    StockRule(
        None, Aspect.BUFFER, channel="PLAZA", units=3, percent=Decimal(10), note="This shop is slow to see a change"
    ),
    StockRule(None, Aspect.BUFFER, item="ITEM-021", units=1),
    StockRule(None, Aspect.CAP, channel="NORTHDE", value=500),
    StockRule(None, Aspect.SHARE, channel="PLAZA", value=80),
    StockRule(None, Aspect.FLOOR, channel="NORTHFR", value=2, note="One piece alone is often broken"),
    StockRule(None, Aspect.BUFFER, facility="LVL", units=1, note="For the counter"),
)


def seed_facilities(by: User) -> None:
    """What each facility keeps, unless somebody has said so already."""
    for facility in Facility.objects.filter(number__in=FACILITIES, updated_at=None).order_by("number"):
        cut_off, hours, days = FACILITIES[facility.number]
        capability = Capability(ZONE, cut_off, hours, days, (), is_active=True)
        set_facility_capability(facility=facility, capability=capability, by=by)


def seed_channel(channel: Channel, offers: Collection[str], by: User) -> None:
    """What a new channel promises, and its kit."""
    hours, skips_weekends = PROMISES.get(channel.code, (None, True))
    terms = ChannelTerms(hours, skips_weekends, ZONE, 30, PUSH_SECONDS, 50_000, ";")
    set_channel_terms(channel=channel, terms=terms, by=by)
    if KIT_SKU in offers:
        map_sku(channel=channel, offer_sku=KIT_SKU, components=[(KIT_ITEM, Decimal(1))], by=by)


def seed_rules(by: User) -> None:
    """A few rules, where there are none."""
    if StockRuleRow.objects.exists():
        return
    known = {*Channel.objects.values_list("code", flat=True), ""}
    places = {*Facility.objects.values_list("number", flat=True), ""}
    rules = [rule for rule in RULES if rule.channel in known and rule.facility in places]
    change_rules(wanted=RuleSet(rules), summary="The rules of the demo", by=by)
