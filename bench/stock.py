"""The numbers of a million items on five channels: worked out whole and in part, beside COPY of the same rows.

Run `python -m bench.stock` (about 20 minutes and 10 GB of disk while it runs); `--help` says what may differ. A database
of its own, made for it and gone after it. All figures are of one run on one machine: the ratios are what counts.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import django
import psycopg

from bench.own import own_database
from config.env import load_env

if TYPE_CHECKING:
    from integration.models import Warehouse

MOST_TIMES_COPY: Final = 5.0
MOST_OF_FULL: Final = 0.02
CHUNK: Final = 1 << 20
LOOK_SECONDS: Final = 0.1
# The columns that are loaded; what is left out has a default or is empty.
LEVELS: Final = """COPY integration_stocklevel (warehouse_id, item_number, facility_id, atp, on_hand, unallocated, read_at,
    changed_at) FROM STDIN"""
ITEMS: Final = """COPY integration_stockitem (warehouse_id, number, name, upcs, tags, is_order_kit, is_active, first_seen_at)
    FROM STDIN"""
MAPS: Final = (
    """COPY integration_skumapping (channel_id, offer_sku, item_number, units_per_offer, updated_at) FROM STDIN"""
)
# The same rows into tables with the same columns, checks, indexes and keys to other tables.
TWINS: Final = ("integration_stocklevel", "integration_offerstock")
KEYS: Final = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass"
CHANGE: Final = """
WITH moved AS (
    UPDATE integration_stocklevel SET atp = (atp + 7) %% 60, changed_at = app_now(), read_at = app_now()
    WHERE warehouse_id = %(warehouse)s AND item_number = ANY(%(items)s::text[]) RETURNING item_number
)
SELECT count(DISTINCT item_number) FROM moved
"""


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    items: int
    facilities: int
    channels: int
    delta: int
    seed: int


@dataclass
class Peaks:
    """The most private memory that the backend held, in kB, and whether it was watched."""

    backend: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def watch(self, pid: int) -> None:
        """Look at it until told to end."""
        while not self.ended.wait(LOOK_SECONDS):
            for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
                if line.startswith("RssAnon:"):
                    self.backend = max(self.backend, int(line.split()[1]))


def main() -> int:
    """Run it, print the figures; the exit code says whether both ratios hold for the full run that writes every number."""
    sizes = _sizes()
    with own_database(f"bench_stock_{os.getpid()}") as url, tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = url
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        os.environ.setdefault("HOLDPOINT_LOG_LEVEL", "ERROR")
        load_env.cache_clear()  # the address of the database that was just made is news to it
        django.setup()
        return _measure(sizes, url, Path(folder))


def _sizes() -> Sizes:
    parser = argparse.ArgumentParser(prog="python -m bench.stock", description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--facilities", type=int, default=3)
    parser.add_argument("--channels", type=int, default=5)
    parser.add_argument("--delta", type=int, default=10_000, help="items of the delta")
    parser.add_argument("--seed", type=int, default=7)
    return Sizes(**vars(parser.parse_args()))


def _measure(sizes: Sizes, url: str, folder: Path) -> int:
    from django.db import connection as database  # noqa: PLC0415 -- as above

    chance = random.Random(sizes.seed)  # noqa: S311 -- rows of a benchmark, the same for the same seed
    with psycopg.connect(url, autocommit=True) as admin:
        warehouse = _load(sizes, url, chance)
        admin.execute("VACUUM ANALYZE")
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            peaks = Peaks()
            watcher = threading.Thread(target=peaks.watch, args=(cursor.fetchone()[0],))
        watcher.start()
        try:
            seconds = _runs(sizes, warehouse, chance, admin)
        finally:
            peaks.ended.set()
            watcher.join()
        seconds["COPY"] = _copy(admin, folder)
    return _report(sizes, seconds, peaks)


def _runs(sizes: Sizes, warehouse: "Warehouse", chance: random.Random, admin: Any) -> dict[str, float]:
    """Seconds of each way to work the numbers out, in the order in which they follow each other."""
    from integration.services.stock.touch_stock import touch_items  # noqa: PLC0415 -- needs Django's settings

    seconds: dict[str, float] = {}
    seconds["full, first"] = _full(warehouse, "full, first")
    admin.execute("VACUUM ANALYZE integration_offerstock")
    seconds["full, nothing changed"] = _full(warehouse, "full, nothing changed")
    _change(warehouse, chance, sizes, max(1, sizes.items // 100))
    seconds["full, 1 % changed"] = _full(warehouse, "full, 1 % changed")
    for turn in ("delta", "delta, again"):
        items = _change(warehouse, chance, sizes, sizes.delta)
        touch_items(warehouse_id=warehouse.pk, item_numbers=items)
        admin.execute("CHECKPOINT")
        seconds[turn] = _timed(turn, lambda: _work_out(warehouse))
    return seconds


def _full(warehouse: "Warehouse", name: str) -> float:
    from django.db import connection as database  # noqa: PLC0415 -- needs Django's settings

    from integration.services.stock.ask_recompute import ask_recompute  # noqa: PLC0415

    ask_recompute(channels=list(warehouse.channels.all()), reason=name)
    with database.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    return _timed(name, lambda: _work_out(warehouse))


def _work_out(warehouse: "Warehouse") -> Any:
    """What the job does, as often as there is something to do."""
    from integration.services.stock.compute_numbers import Computed, compute_warehouse  # noqa: PLC0415

    total = Computed()
    while (done := compute_warehouse(warehouse=warehouse)) != Computed():
        total += done
    return total


def _timed(name: str, work: Callable[[], Any]) -> float:
    began = time.monotonic()
    result = work()
    seconds = time.monotonic() - began
    print(f"  {name}: {seconds:.2f} s, {result}", flush=True)
    return seconds


def _load(sizes: Sizes, url: str, chance: random.Random) -> "Warehouse":
    """A warehouse, its items and levels, channels with rules of their own, and a map on each."""
    from django.utils import timezone  # noqa: PLC0415 -- needs Django's settings

    from integration.models import Channel, ChannelStock, Facility, StockRule, Warehouse  # noqa: PLC0415

    now = timezone.now()
    warehouse = Warehouse.objects.create(code="bench", name="Bench", url="http://127.0.0.1:1", tenant_code="BENCH")
    places = [
        Facility.objects.create(warehouse=warehouse, number=f"F{at}", name=f"Facility {at}")
        for at in range(sizes.facilities)
    ]
    channels = [
        Channel.objects.create(
            code=f"shop-{at}",
            name=f"Shop {at}",
            url="http://127.0.0.1:1",
            shop_id=at,
            warehouse=warehouse,
            lanes=["stock"],
        )
        for at in range(sizes.channels)
    ]
    for channel in channels:
        ChannelStock.objects.get_or_create(channel=channel)
    rules = [
        StockRule(aspect="buffer", units=2, percent=5),
        StockRule(aspect="buffer", channel=channels[0], tag="bulky", units=6),
        StockRule(aspect="cap", channel=channels[-1], value=20),
        StockRule(aspect="share", channel=channels[0], value=80),
        StockRule(aspect="floor", value=3),
        StockRule(aspect="facility", channel=channels[-1], facility=places[-1], includes=False),
        StockRule(aspect="buffer", facility=places[0], units=1),
    ]
    rules += [
        StockRule(aspect="buffer", item_number=_number(at), units=9)
        for at in range(0, sizes.items, max(1, sizes.items // 1000))
    ]
    for rule in rules:
        rule.updated_at = now
    StockRule.objects.bulk_create(rules)
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True) as loader:
        _copy_rows(loader, ITEMS, _items(sizes, warehouse.pk, now.isoformat()))
        _copy_rows(loader, LEVELS, _levels(sizes, warehouse.pk, [row.pk for row in places], now.isoformat(), chance))
        _copy_rows(loader, MAPS, _maps(sizes, [row.pk for row in channels], now.isoformat()))
    print(f"  loaded in {time.monotonic() - began:.0f} s", flush=True)
    return warehouse


def _copy_rows(loader: Any, statement: str, rows: Iterator[str]) -> None:
    with loader.cursor() as cursor, cursor.copy(statement) as copy:
        buffer: list[str] = []
        for row in rows:
            buffer.append(row)
            if len(buffer) == 10_000:  # noqa: PLR2004 -- rows of one write
                copy.write("".join(buffer))
                buffer.clear()
        copy.write("".join(buffer))


def _number(at: int) -> str:
    return f"ITEM-{at:07d}"


def _items(sizes: Sizes, warehouse: int, now: str) -> Iterator[str]:
    for at in range(sizes.items):
        tags = "{bulky}" if at % 50 == 0 else "{}"
        yield f"{warehouse}\t{_number(at)}\tArticle {at}\t{{}}\t{tags}\tf\tt\t{now}\n"


def _levels(sizes: Sizes, warehouse: int, places: list[int], now: str, chance: random.Random) -> Iterator[str]:
    for at in range(sizes.items):
        for place in places:
            atp = chance.randrange(60)
            yield f"{warehouse}\t{_number(at)}\t{place}\t{atp}\t{atp}\t{atp}\t{now}\t{now}\n"


def _maps(sizes: Sizes, channels: list[int], now: str) -> Iterator[str]:
    for channel in channels:
        for at in range(sizes.items):
            units = 2 if at % 20 == 0 else 1
            yield f"{channel}\tOFFER-{at:07d}\t{_number(at)}\t{units}\t{now}\n"


def _change(warehouse: "Warehouse", chance: random.Random, sizes: Sizes, count: int) -> list[str]:
    """Give so many items other numbers in every facility."""
    from django.db import connection as database  # noqa: PLC0415 -- needs Django's settings

    items = [_number(at) for at in sorted(chance.sample(range(sizes.items), min(count, sizes.items)))]
    with database.cursor() as cursor:
        cursor.execute(CHANGE, {"warehouse": warehouse.pk, "items": items})
        assert cursor.fetchone()[0] == len(items)
    return items


def _copy(admin: Any, folder: Path) -> float:
    """Seconds that COPY takes to bring the levels and the offers, as they are now, into tables with the same indexes."""
    total = 0.0
    for name in TWINS:
        path = folder / name
        with path.open("wb") as file, admin.cursor() as cursor, cursor.copy(f"COPY {name} TO STDOUT") as copy:
            for part in copy:
                file.write(part)
        admin.execute(f"CREATE TABLE twin (LIKE {name} INCLUDING ALL)")
        for (key,) in admin.execute(KEYS, [name]).fetchall():
            admin.execute(f"ALTER TABLE twin ADD {key}")
        admin.execute("CHECKPOINT")
        with path.open("rb") as file:
            seconds = _timed(f"COPY {name}", lambda file=file: _copy_in(admin, file))  # type: ignore[misc]
        total += seconds
        admin.execute("DROP TABLE twin")
        path.unlink()
    return total


def _copy_in(admin: Any, file: IO[bytes]) -> str:
    with admin.cursor() as cursor:
        with cursor.copy("COPY twin FROM STDIN") as copy:
            while part := file.read(CHUNK):
                copy.write(part)
        return f"{cursor.rowcount} rows"


def _report(sizes: Sizes, seconds: dict[str, float], peaks: Peaks) -> int:
    copy, full = seconds["COPY"], seconds["full, first"]
    idle = seconds["full, nothing changed"]
    delta = (seconds["delta"] + seconds["delta, again"]) / 2
    print(f"\n{sizes.items:,} items x {sizes.facilities} facilities x {sizes.channels} channels")
    print(f"{'':24}{'seconds':>10}{'x COPY':>10}{'of first':>10}{'of idle':>10}")
    for name, spent in seconds.items():
        print(f"{name:24}{spent:>10.2f}{spent / copy:>10.2f}{spent / full:>10.1%}{spent / idle:>10.1%}")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\npeak memory: this process {own / 1024:.0f} MB, the database's process {peaks.backend / 1024:.0f} MB")
    times_copy = full / copy
    part_of_full = delta / full * (10_000 / sizes.delta) * (sizes.items / 1_000_000)
    holds = times_copy <= MOST_TIMES_COPY and part_of_full <= MOST_OF_FULL
    print(f"full {times_copy:.2f} x COPY (at most {MOST_TIMES_COPY:.0f}): {_word(times_copy <= MOST_TIMES_COPY)}")
    print(
        f"delta {part_of_full:.1%} of the full run (at most {MOST_OF_FULL:.0%}): {_word(part_of_full <= MOST_OF_FULL)}"
    )
    return 0 if holds else 1


def _word(holds: bool) -> str:
    return "holds" if holds else "DOES NOT HOLD"


if __name__ == "__main__":
    sys.exit(main())
