"""Connects this installation to a running sandbox with the real services, and makes a sign-in for each team."""

import json
import os
import re
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

import httpx
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError

from core.models import User
from core.permissions import ensure_roles
from integration.management.demo_stock import seed_channel, seed_facilities, seed_rules
from integration.models import Channel, Warehouse
from integration.services.check_channel import check_channel
from integration.services.check_warehouse import check_warehouse
from integration.services.connect_deposco import connect_deposco
from integration.services.connect_mirakl import connect_mirakl
from integration.services.import_sku_map import import_sku_map
from integration.services.map_carrier import map_carrier
from integration.services.map_shipping_method import map_shipping_method

PEOPLE: Final = {
    "warehouse": "Warehouse",
    "ecommerce": "Ecommerce",
    "finance": "Finance preparer",
    "approver": "Finance approver",
    "admin": "Admin",
    "auditor": "Auditor",
}
SIGN_INS_FILE: Final = "demo-sign-ins.json"
CHANNEL_CODES: Final = {2001: "NORTHFR", 2002: "NORTHDE", 3001: "PLAZA"}
LANES: Final = ("acceptance", "import", "dispatch", "stock")
POLL_SECONDS: Final = 5
FIRST_ORDERS: Final = 5
CALLS_PER_SECOND: Final = 20.0  # the sandbox has no limit of its own; a real tenant is asked two to four times a second
SHIPPING_METHODS: Final = {"STD": "Standard", "EXP": "Express"}
CARRIERS: Final = {"DHL Parcel": "DHL", "DPD Classic": "DPD"}
# What a few offers stand for beside the plain ones: two units of an item, and a kit of two items.
PACKS: Final = {"SKU-039": (("ITEM-039", 2),), "SKU-040": (("ITEM-040", 1), ("ITEM-001", 1))}
PLAIN: Final = re.compile(r"SKU-\d{3}")
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class Command(BaseCommand):
    """Safe to repeat: what people changed since stays, only the sandbox's address is brought up to date."""

    help = "Set up a demo: people, connections to a running sandbox, SKU maps, carriers. Refused in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the sandbox is."""
        parser.add_argument("--sandbox", required=True, help="its address, for example http://127.0.0.1:8901")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing and report it."""
        if settings.IS_PRODUCTION:
            message = "seed_demo makes accounts whose passwords lie in a file: it is refused in production."
            raise CommandError(message)
        url = options["sandbox"].rstrip("/")
        try:
            state = httpx.get(f"{url}/sandbox/api/state", timeout=10).raise_for_status().json()
        except httpx.HTTPError as error:
            message = f"The sandbox at {url} does not answer ({error}). Start it: python -m sandbox --port 8901 --demo"
            raise CommandError(message) from error
        ensure_roles()
        admin = make_people(Path(settings.DATA_DIR))
        warehouse = connect_warehouse(url, state["tenants"][0], admin)
        added = [
            connect_shop(url, operator, shop, warehouse, admin)
            for operator in state["operators"]
            for shop in operator["shops"]
        ]
        seed_facilities(admin)
        seed_rules(admin)
        report = {"warehouse": warehouse.code, "channels": sorted(CHANNEL_CODES.values()), "channels_added": sum(added)}
        text = f"{report['warehouse']} and {len(added)} shops are connected, {sum(added)} of them now."
        self.stdout.write(json.dumps(report) if options["json"] else text)


def make_people(folder: Path) -> User:
    """One account a role, and the file of what they sign in with; returns the administrator."""
    path = folder / SIGN_INS_FILE
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    rows = {}
    for username, role in PEOPLE.items():
        password = kept.get(username, {}).get("password") or _password()
        user = User.objects.filter(username=username).first()
        if user is None:
            user = User.objects.create_user(username, f"{username}@example.com", password)
            user.groups.add(Group.objects.get(name=role))
        is_changed = not user.check_password(password)
        rows[username] = {"role": role, "password": password, "is_changed": is_changed}
    _write_private(path, json.dumps(rows, indent=2))
    return User.objects.get(username="admin")


def connect_warehouse(url: str, tenant: dict[str, Any], by: User) -> Warehouse:
    """Connect and test the tenant; one that is known at this address is left alone."""
    address = f"{url}/deposco"
    known = Warehouse.objects.filter(code=tenant["code"]).first()
    if known is not None and known.url == address and known.tested_at is not None:
        return known
    warehouse = connect_deposco(
        code=tenant["code"],
        name=known.name if known else "Demo warehouse",
        url=address,
        tenant_code=tenant["code"],
        business_unit=tenant["business_unit"],
        username=tenant["username"],
        password=tenant["password"],
        api="v1",
        rate_per_second=CALLS_PER_SECOND,
        by=by,
    )
    result = check_warehouse(warehouse=warehouse, by=by)
    if not result.ok:
        raise CommandError(result.summary)
    return warehouse


def connect_shop(url: str, operator: dict[str, Any], shop: dict[str, Any], warehouse: Warehouse, by: User) -> bool:
    """Connect, test and map one shop; returns whether it is new. A known one keeps its lanes, maps and pace."""
    code = CHANNEL_CODES.get(shop["id"], f"{operator['name']}{shop['id']}".upper())
    address = f"{url}/mirakl/{operator['name']}"
    known = Channel.objects.filter(code=code).first()
    if known is not None and known.url == address and known.tested_at is not None:
        return False
    channel = connect_mirakl(
        code=code,
        name=known.name if known else shop["name"],
        url=address,
        api_key=shop["api_key"],
        shop_id=shop["id"],
        lanes=known.lanes if known else LANES,
        poll_seconds=known.poll_seconds if known else POLL_SECONDS,
        warehouse=warehouse,
        by=by,
    )
    result = check_channel(channel=channel, by=by)
    if not result.found:
        raise CommandError(result.summary)
    if known is not None:
        return False
    _map_everything(channel, shop["offers"], by)
    seed_channel(channel, shop["offers"], by)
    _place_first_orders(url, operator["name"], shop["id"])
    return True


def _map_everything(channel: Channel, offers: list[str], by: User) -> None:
    """All plain offers; the new one and the old ones are left for a person to map."""
    rows = ["offer_sku,item_number,units_per_offer"]
    for offer in offers:
        plain = ((offer.replace("SKU-", "ITEM-"), 1),)
        rows += [f"{offer},{item},{units}" for item, units in PACKS.get(offer, plain) if PLAIN.fullmatch(offer)]
    report = import_sku_map(channel=channel, text="\n".join(rows), by=by, dry_run=False)
    if report.errors:
        raise CommandError("; ".join(row.message for row in report.errors))
    for code, ship_via in SHIPPING_METHODS.items():
        map_shipping_method(channel=channel, shipping_type_code=code, ship_via=ship_via, by=by)
    for word, code in CARRIERS.items():
        map_carrier(channel=channel, wms_carrier=word, carrier_code=code, by=by)


def _place_first_orders(url: str, operator: str, shop_id: int) -> None:
    """So that the first page is not empty: a few plain orders, one with a new SKU, one with a name that is too long."""
    who = {"operator": operator, "shop_id": shop_id}
    for order in (
        {"count": FIRST_ORDERS},
        {"lines": [["SKU-NEW-1", 1]]},
        {"lines": [["SKU-005", 1]], "lastname": "Sample-Longname of the Very Long Example"},
    ):
        httpx.post(f"{url}/sandbox/api/orders", json=who | order, timeout=10).raise_for_status()


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
