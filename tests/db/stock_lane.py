"""The whole stock lane of a house, beat by beat, and the cases that come of it."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Final

from core.effects import run_effects
from core.http import HttpError
from exceptions.models import Case
from exceptions.services.refresh_cases import refresh_cases
from integration.models import Channel, ChannelStock, Warehouse
from integration.services.effects import PushStock
from integration.services.stock.ask_recompute import ask_recompute
from integration.services.stock.compute_numbers import compute_warehouse
from integration.services.stock.find_push_problems import find_push_problems
from integration.services.stock.find_stock_problems import find_stock_problems
from integration.services.stock.follow_pushes import follow_push
from integration.services.stock.plan_push import plan_push
from integration.services.stock.read_full_stock import read_full_stock
from integration.services.stock.read_offers import read_offers
from integration.services.stock.read_stock import read_stock
from tests.db.house import House

BEAT: Final = 20.0


def start(house: House, *, mapped: int | None = None, atp: int = 100) -> None:
    """Switch the lane on, map the first offers, and let the first numbers land."""
    Channel.objects.filter(pk=house.channel.pk).update(lanes=[*house.channel.lanes, "stock"])
    house.channel.refresh_from_db()
    house.operator.import_seconds = 5.0
    for number in range(1, 42):
        for facility in house.tenant.facilities:
            house.tenant.set_stock(f"ITEM-{number:03d}", facility, Decimal(atp if facility == "LVL" else 0))
    for sku in house.shop.offers if mapped is None else list(house.shop.offers)[:mapped]:
        house.map(sku, (sku.replace("SKU-", "ITEM-").replace("NEW-1", "041"), 1))
    read_full_stock(warehouse=Warehouse.objects.get(pk=house.warehouse.pk))
    read_back(house)
    look(house)


def live(house: House, *, beats: int = 1) -> None:
    """Let the lane run for so many beats. A far side that fails is the business of the next one."""
    for _ in range(beats):
        warehouse = Warehouse.objects.get(pk=house.warehouse.pk)
        channel = Channel.objects.get(pk=house.channel.pk)
        _patiently(partial(read_stock, warehouse=warehouse))
        _patiently(partial(compute_warehouse, warehouse=warehouse))
        _patiently(partial(plan_push, channel=channel))
        _patiently(partial(run_effects, PushStock(), owner="test"))
        house.skip(BEAT)
        _patiently(partial(follow_push, channel=channel))
        _patiently(partial(read_offers, channel=channel))


def read_back(house: House) -> None:
    """Let a file that is under way land and settle, then the offers be read back twice."""
    live(house, beats=4)
    for _ in range(2):
        house.skip(601)
        live(house)


def look(house: House) -> None:
    """Look for problems once, and make the cases equal to them."""
    find_stock_problems()
    find_push_problems(channel=house.channel)
    refresh_cases()


def opens(house: House, kind: str, *, beats: int = 1) -> Case:
    """The one case of this kind, within so many beats."""
    for _ in range(beats):
        look(house)
        case = Case.objects.exclude(state="resolved").filter(kind=kind).first()
        if case is not None:
            break
        live(house)
    found: Case = Case.objects.exclude(state="resolved").get(kind=kind)
    return found


def closes(house: House, kind: str, *, beats: int = 1) -> Case:
    """The last case of this kind, once none is open any more, within so many beats."""
    for _ in range(beats):
        look(house)
        if not Case.objects.exclude(state="resolved").filter(kind=kind).exists():
            break
        live(house)
    assert not Case.objects.exclude(state="resolved").filter(kind=kind).exists()
    found: Case = Case.objects.filter(kind=kind, state="resolved").latest("resolved_at")
    return found


def recompute(house: House) -> None:
    """Ask for every number anew, as a changed rule does."""
    ask_recompute(channels=Channel.objects.filter(pk=house.channel.pk), reason="test")
    assert ChannelStock.objects.get(channel=house.channel).recompute_asked_at is not None


def _patiently(beat: Callable[[], object]) -> None:
    try:
        beat()
    except HttpError:
        return
