"""The pages of stock over very many items: how long each takes to answer, and how many statements it asks.

Run `python -m bench.stock_pages` (1,000,000 items, 5 channels); `--help` says what may differ. A database of its own is
filled by plain INSERT ... SELECT, then the pages are asked through Django without a network. One offer in a thousand is
stale, refused, shown differently, or waits; one in five is held at zero by its buffer; one in ten thousand is not mapped.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from http import HTTPStatus
from typing import Any, Final

import psycopg

from bench.own import environment, own_database

Asked = tuple[float, str]
LIMIT_MS: Final = 100.0
ASKED: Final = 12
# Every statement is run with the numbers of the plan; the constants in them say which of a thousand are unlike the rest.
FILL: Final = (
    """INSERT INTO integration_warehouse (id, code, name, url, tenant_code, business_unit, username, password, client_id,
           client_secret, api, profile, found, webhook_token_hash, is_active, created_at)
       VALUES (1, 'BENCH', 'Bench', 'http://127.0.0.1:1', 'BENCH', 'MAIN', 'u', '', '', '', 'v1', '{}', '{}', '', true, now())""",
    """INSERT INTO integration_facility (id, warehouse_id, number, name, is_active, time_zone, handling_hours, working_days,
           holidays)
       SELECT n, 1, 'F' || n, 'Facility ' || n, true, 'UTC', 0, '{1,2,3,4,5}', '{}' FROM generate_series(1, 3) n""",
    """INSERT INTO integration_channel (id, code, name, url, api_key, shop_id, warehouse_id, lanes, poll_seconds,
           overlap_seconds, currency, auto_accepted, multi_shipment, free_carriers, acceptance_policy, acceptance_hours,
           found, is_active, created_at)
       SELECT n, 'SHOP' || n, 'Shop ' || n, 'http://127.0.0.1:1/' || n, '', n, 1, '{stock}', 60, 120, 'EUR', false, false,
           true, '{}', 24, '{}', true, now() FROM generate_series(1, %(channels)s) n""",
    """INSERT INTO integration_stockitem (warehouse_id, number, name, upcs, tags, is_order_kit, is_active, first_seen_at)
       SELECT 1, 'ITEM-' || lpad(n::text, 8, '0'), 'Article ' || n, ARRAY[lpad(n::text, 12, '0')],
           CASE WHEN n %% 1000 = 3 THEN '{peak}'::varchar[] ELSE '{}' END, false, true, now()
       FROM generate_series(1, %(items)s) n""",
    """INSERT INTO integration_stocklevel (warehouse_id, item_number, facility_id, atp, on_hand, read_at, changed_at)
       SELECT 1, 'ITEM-' || lpad(n::text, 8, '0'), f, n %% 40, n %% 40, now(), now()
       FROM generate_series(1, %(items)s) n, generate_series(1, 3) f""",
    """INSERT INTO integration_skumapping (channel_id, offer_sku, item_number, units_per_offer, updated_at)
       SELECT c, 'SKU-' || lpad(n::text, 8, '0'), 'ITEM-' || lpad(n::text, 8, '0'), 1, now()
       FROM generate_series(1, %(channels)s) c, generate_series(1, %(items)s) n WHERE n %% 10000 <> 9""",
    """INSERT INTO integration_offerstock (channel_id, offer_sku, wanted, wanted_seq, urgency, total, eligible, after_kept,
           free, after_buffer, after_share, after_cap, after_pack, limiting_item, is_stale, pushed, pushed_seq, refused_words,
           refused_at, refusals, seen, differs_since, atp_read_at, pushed_at)
       SELECT c, 'SKU-' || lpad(n::text, 8, '0'), CASE WHEN n %% 5 = 0 THEN 0 ELSE 7 END,
           CASE WHEN n %% 1000 = 1 THEN 11 ELSE 10 END, CASE WHEN n %% 2000 = 1 THEN 1 ELSE 3 END,
           20, 15, 15, 12, 8, 8, 7, 7, 'ITEM-' || lpad(n::text, 8, '0'), n %% 1000 = 2, 7, 10, '',
           CASE WHEN n %% 1000 = 4 THEN now() END, 0, 7, CASE WHEN n %% 1000 = 6 THEN now() END, now(), now()
       FROM generate_series(1, %(channels)s) c, generate_series(1, %(items)s) n WHERE n %% 10000 <> 9""",
    """INSERT INTO integration_listedoffer (channel_id, offer_sku, offer_id, title, product_sku, "references", quantity,
           is_active, inactivity_reasons, read_at, is_mapped)
       SELECT c, 'SKU-' || lpad(n::text, 8, '0'), '', '', '', '{}', 7, true, '{}', now(), n %% 10000 <> 9
       FROM generate_series(1, %(channels)s) c, generate_series(1, %(items)s) n""",
)


def main() -> int:
    """Fill, ask, print; the exit code says whether every page kept to the limit."""
    parser = argparse.ArgumentParser(prog="python -m bench.stock_pages", description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--channels", type=int, default=5)
    parser.add_argument("--ask", action="store_true", help="ask only, of the database in DATABASE_URL")
    options = parser.parse_args()
    if options.ask:
        return _ask(options.items)
    with own_database(f"bench_stock_pages_{os.getpid()}") as url:
        _fill(url, items=options.items, channels=options.channels)
        # In a process of its own: which database Django uses is settled when it starts.
        command = [sys.executable, "-m", "bench.stock_pages", "--items", str(options.items), "--ask"]
        return subprocess.run(command, env=environment(url), check=False).returncode  # noqa: S603 -- itself


def _fill(url: str, *, items: int, channels: int) -> None:
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("SET statement_timeout = 0")
        for statement in FILL:
            began = time.monotonic()
            database.execute(statement, {"items": items, "channels": channels})
            table = statement.split("INTO ")[1].split()[0]
            print(f"{table:32} {time.monotonic() - began:8.1f} s", flush=True)
        database.execute("VACUUM ANALYZE")


def _addresses(items: int) -> list[str]:
    middle = f"ITEM-{items // 2:08d}"
    return [
        "/stock/",
        f"/stock/?after=={middle}~{items // 2}",
        f"/stock/?words={middle[:-3]}",
        f"/stock/?words=SKU-{items // 2:08d}",
        f"/stock/?words={items // 2:012d}",
        "/stock/?words=Article 77",
        "/stock/?channel=SHOP1",
        "/stock/?tag=peak",
        "/stock/?facility=2",
        *(
            f"/stock/?question={question}"
            for question in ("oversell", "differs", "refused", "stale", "zero_by_buffer", "waiting")
        ),
        "/stock/?question=stale&channel=SHOP1",
        "/stock/items/1/",
        "/stock/pushes/",
        "/stock/offers-without-item/",
    ]


def _ask(items: int) -> int:
    import django  # noqa: PLC0415 -- not needed to fill, and it must be set up first

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from core.models import User  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    reader, _ = User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
    client.force_login(reader)
    slow = []
    print(f"\n{'address':44} {'page ms':>8} {'p95':>7} {'database ms':>12} {'statements':>11}")
    for address in _addresses(items):
        asked: list[Asked] = []
        _timed(client, address)
        with connection.execute_wrapper(_recorder(asked)):
            taken = sorted(_timed(client, address) for _ in range(ASKED))
        late, middle = taken[int(len(taken) * 0.95)], statistics.median(taken)
        in_database = sum(took for took, _ in asked) / ASKED
        print(f"{address:44} {middle:8.1f} {late:7.1f} {in_database:12.1f} {len(asked) // ASKED:11}", flush=True)
        if in_database > LIMIT_MS:
            slow.append(address)
            took, statement = max(asked)
            print(f"    slowest statement {took:.0f} ms: {statement[:2500]}", flush=True)
    print(f"\nOver {LIMIT_MS:.0f} ms in the database: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


def _recorder(asked: list[Asked]) -> Any:
    """Keep each statement with the time it took, fetching not counted: these are short answers."""

    def record(execute: Any, statement: Any, *rest: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(statement, *rest)
        finally:
            asked.append(((time.perf_counter() - began) * 1000, str(statement)))

    return record


def _timed(client: Any, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    taken = (time.perf_counter() - began) * 1000
    if answer.status_code != HTTPStatus.OK:
        message = f"{address} answers {answer.status_code}"
        raise RuntimeError(message)
    return taken


if __name__ == "__main__":
    sys.exit(main())
