"""The sandbox filled, Holdpoint connected to it, the workers started."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.own import HOST, ROOT, manage
from bench.stock_live.plan import FACILITIES, RULES, SHOPS, TENANT, Plan, components, item, sku

STOP_SECONDS = 40
SCARCE = 13


def seed(hand: httpx.Client, plan: Plan) -> None:
    """Items, facilities and offers; the raced items lie in one facility, so that what is free is one plain number."""
    shops = [{"operator": shop.operator, "shop_id": shop.shop_id, "name": shop.code} for shop in SHOPS]
    body = {"tenant": TENANT, "items": plan.items, "facilities": list(FACILITIES), "seed": plan.seed, "shops": shops}
    hand.post("/seed", json=body).raise_for_status()
    raced = [
        [item(number), facility, number % SCARCE if facility == FACILITIES[0] else 0]
        for number in range(1, plan.raced + 1)
        for facility in FACILITIES
    ]
    hand.post("/stock/changes", json={"tenant": TENANT, "changes": raced}).raise_for_status()
    hand.post("/world", json={"strict_rates": True}).raise_for_status()
    # Nothing leaves the building: what was bought stays promised, so that free stock only falls by being bought.
    hand.post("/floor", json={"paused": True}).raise_for_status()
    for operator in {shop.operator for shop in SHOPS}:
        hand.post("/operator", json={"operator": operator, "import_seconds": 4}).raise_for_status()


def connect(port: int, hand: httpx.Client, plan: Plan, folder: Path, env: dict[str, str]) -> None:
    """Warehouse, shops, maps and rules, each as a person at a shell would do it."""
    sandbox, state = f"http://{HOST}:{port}", hand.get("/state").json()
    tenant = next(row for row in state["tenants"] if row["code"] == TENANT)
    manage(
        "connect_deposco",
        TENANT,
        *("--url", f"{sandbox}/deposco", "--tenant-code", TENANT, "--business-unit", tenant["business_unit"]),
        *("--username", tenant["username"], "--password-file", _file(folder / "password", tenant["password"])),
        *("--rate-per-second", str(plan.calls_per_second)),
        environment=env,
    )
    keys = {
        (operator["name"], shop["id"]): shop["api_key"] for operator in state["operators"] for shop in operator["shops"]
    }
    for shop in SHOPS:
        manage(
            "connect_mirakl",
            shop.code,
            *("--url", f"{sandbox}/mirakl/{shop.operator}", "--name", shop.code, "--shop-id", str(shop.shop_id)),
            *("--api-key-file", _file(folder / "key", keys[shop.operator, shop.shop_id])),
            *("--lanes", "acceptance,import,stock"),
            environment=env,
        )
        rows = [
            f"{sku(number)},{part},{units}"
            for number in plan.numbers
            for part, units in components(shop.code, number, plan.items)
        ]
        text = "\n".join(["offer_sku,item_number,units_per_offer", *rows])
        manage("import_sku_map", shop.code, _file(folder / "map.csv", text), environment=env)
    manage("run_job", "stock.read_full", "--scope", TENANT, environment=env)
    manage("import_stock_rules", _file(folder / "rules.csv", RULES), environment=env)


@contextmanager
def workers(env: dict[str, str]) -> Iterator[None]:
    """Every process of the workers, until the block ends."""
    process = subprocess.Popen([sys.executable, "manage.py", "workers"], cwd=ROOT, env=env)
    try:
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _file(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)
