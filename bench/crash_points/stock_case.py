"""One case of the stock lane: die while a file is told, go on while numbers move, and read the marketplace's books."""

import time
from contextlib import suppress
from itertools import pairwise
from typing import Any

from django.db import connection, connections
from django.db.models import F

from bench.crash_points.case import LEASE_SECONDS, SANDBOX_TICK_SECONDS, arm, die, forked, handler_of
from bench.crash_points.cases import FOLLOW_POINTS, LATE_COMMIT, READ_POINTS, Result
from bench.crash_points.stage import CHANNEL, Stage
from core.effects import run_effects
from core.http import HttpError
from integration.models import Channel, OfferStock, StockPush
from integration.models.stock_push import OPEN_PUSH
from integration.services.stock.follow_pushes import follow_push
from integration.services.stock.plan_push import plan_push

SKUS, GONE = ("SKU-001", "SKU-002", "SKU-003"), "SKU-GONE"
MINUTE, LOOK, ROUNDS = 61.0, 16.0, 60
TOO_OFTEN = 429


def run_stock_case(stage: Stage, number: int, point: str, fault: str) -> Result:
    """Plan a file, die at `point` while `fault` is armed, let numbers move, go on, and audit."""
    began = time.monotonic()
    problems: list[str] = []
    stage.take_clock()
    stage.far.call("DELETE", "faults")
    stage.leap(MINUTE)
    first = int(stage.far.call("GET", "state")["ledger"])
    _want({sku: 10 * number + place for place, sku in enumerate(SKUS, 1)}, urgency=2)
    if stage.lane.writes[1] == "STO03":
        _want({GONE: number}, urgency=2)
    if not plan_push(channel=_channel()).lines:
        problems.append("no file was planned")
    problems += _die_there(stage, point, fault)
    # What was frozen is old now: whatever happens, this must not be what is shown in the end.
    _want({SKUS[0]: 0, SKUS[1]: 10 * number + 9}, urgency=0)
    stage.leap(LEASE_SECONDS + 1)
    stage.before_fork()
    code = forked(lambda: _heal(stage))
    if code != 0:
        problems.append(f"the process that went on ended with {code}")
    stage.catch_up()
    stage.far.call("DELETE", "faults")
    if fault == LATE_COMMIT:
        stage.leap(MINUTE)
        time.sleep(SANDBOX_TICK_SECONDS)
    problems += audit(stage, first, fault)
    return Result(stage.lane.name, point, fault, tuple(problems), round(time.monotonic() - began, 2))


def _die_there(stage: Stage, point: str, fault: str) -> list[str]:
    if point in (*FOLLOW_POINTS, "after_report"):
        run_effects(handler_of(stage), owner="sends", limit=1)
        arm(stage, stage.lane.reads, fault)
        return die(stage, point, _follow)
    problems: list[str] = []
    if point in READ_POINTS:
        problems += die(stage, "after_send")
        stage.leap(MINUTE)
        arm(stage, stage.lane.reads, fault)
    else:
        arm(stage, stage.lane.writes, fault)
    return problems + die(stage, point)


def _follow(stage: Stage) -> None:
    """Follow as the job does, until it is over: whatever fails is asked again."""
    stage.take_clock()
    for _ in range(ROUNDS):
        stage.leap(LOOK)
        with suppress(HttpError):
            if follow_push(channel=_channel()).skipped == "no file is under way":
                return


def _heal(stage: Stage) -> None:
    """Work as restarted workers do, letting time pass between, until every number was told."""
    stage.take_clock()
    for _ in range(ROUNDS):
        channel = _channel()
        plan_push(channel=channel)
        run_effects(handler_of(stage), owner="heals", limit=4)
        with suppress(HttpError):
            follow_push(channel=channel)
        waits = OfferStock.objects.filter(wanted_seq__gt=F("pushed_seq")).exists()
        if not waits and not StockPush.objects.filter(state__in=OPEN_PUSH).exists():
            break
        stage.leap(LOOK)
    connections.close_all()


def audit(stage: Stage, first: int, fault: str) -> list[str]:
    """What is wrong, by the marketplace's own books and by our rows."""
    operator, shop_id = stage.lane.operator, str(stage.lane.shop_id)
    shown = stage.far.call("GET", "offers", operator=operator, shop_id=shop_id)["offers"]
    wanted = dict(OfferStock.objects.filter(offer_sku__in=SKUS).values_list("offer_sku", "wanted"))
    pushed = dict(OfferStock.objects.filter(offer_sku__in=SKUS).values_list("offer_sku", "pushed"))
    problems = [f"{sku} shows {shown[sku]}, not {wanted[sku]}" for sku in SKUS if shown[sku] != wanted[sku]]
    problems += [f"our row of {sku} says {pushed[sku]}" for sku in SKUS if pushed[sku] != wanted[sku]]
    if backwards := stage.far.call("GET", "landings", operator=operator, shop_id=shop_id)["backwards"]:
        problems.append(f"{backwards} older numbers landed after newer ones")
    problems += _overlaps(stage.far.call("GET", "imports", operator=operator, shop_id=shop_id)["imports"])
    problems += _too_often(stage, first, fault)
    states = list(StockPush.objects.filter(state__in=OPEN_PUSH).values_list("state", flat=True))
    problems += [f"a push is still {state}" for state in states]
    refused = OfferStock.objects.filter(offer_sku=GONE).first()
    if refused is not None and (refused.pushed is not None or "does not exist" not in refused.refused_words):
        problems.append(f"the refused line says {refused.refused_words!r} and counts as told {refused.pushed}")
    return problems


def _overlaps(imports: list[dict[str, Any]]) -> list[str]:
    ends = [(row["created"], row["ended_at"] or float("inf"), row["id"]) for row in imports]
    return [
        f"imports {one} and {other} were under way at once"
        for (_, until, one), (start, _, other) in pairwise(sorted(ends))
        if start < until
    ]


def _too_often(stage: Stage, first: int, fault: str) -> list[str]:
    """Calls above the published rates. One that arrives late by a fault is counted when it comes, which nobody can know."""
    calls = stage.far.call("GET", f"ledger?from={first}")["calls"]
    if fault == LATE_COMMIT:
        return []
    over = [call["operation"] for call in calls if call["status"] == TOO_OFTEN and call["operation"].startswith("STO")]
    allowed = 1 if fault == "throttle" else 0
    return [f"called above the rate: {over}"] if len(over) > allowed else []


def _channel() -> Channel:
    return Channel.objects.get(code=CHANNEL)


def _want(numbers: dict[str, int], *, urgency: int) -> None:
    """Numbers as the computation leaves them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('integration_stock_seq')")
        seq = cursor.fetchone()[0]
    for sku, wanted in numbers.items():
        values = {"wanted": wanted, "wanted_seq": seq, "urgency": urgency}
        OfferStock.objects.update_or_create(channel=_channel(), offer_sku=sku, defaults=values)
