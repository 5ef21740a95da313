"""Real workers under a supervisor, on a database of their own, against a sandbox over TCP, with orders coming in."""

import itertools
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg

from bench.own import ROOT, environment, manage, own_database, own_sandbox
from tests.faults.processes import Seen, kill, marked, strangers

POLL_SECONDS = 2
PUSH_SECONDS = 3
QUEUES = {"accept": 2, "dispatch": 2, "import": 2, "orders": 3, "stock": 4, "watch": 1}
# Of each queue: main, sentinel, monitor, pusher and its workers; then the ticker and the launcher.
COMPLETE = sum(4 + workers for workers in QUEUES.values()) + 2
SKUS = [f"SKU-{number:03d}" for number in range(1, 41)]


class Rig:
    """The workers and the books of both sides."""

    def __init__(
        self, url: str, port: int, folder: Path, *, api: str = "v1", rate: float = 50, stock: bool = False
    ) -> None:
        self.api, self.rate, self.stock = api, rate, stock
        self.mark = f"HOLDPOINT_TEST_MARK={uuid.uuid4().hex}"
        name, _, value = self.mark.partition("=")
        self.environment = environment(url, **{name: value})
        self.far = httpx.Client(base_url=f"http://127.0.0.1:{port}/sandbox/api", trust_env=False, timeout=20)
        self.folder, self.base, self.url = folder, f"http://127.0.0.1:{port}", url
        self.pushed: list[str] = []
        self._numbers = itertools.count(1)
        self._launcher: subprocess.Popen[bytes] | None = None
        self._over, self.load_over = threading.Event(), threading.Event()
        self.restarts = 0

    @property
    def launcher(self) -> int:
        """The process id of the launcher that runs now."""
        assert self._launcher is not None
        return self._launcher.pid

    def connect(self) -> None:
        """Connect the shop and the warehouse by the commands an operator uses."""
        state = self.far.get("/state").json()
        tenant, north = state["tenants"][0], next(one for one in state["operators"] if one["name"] == "north")
        (key, password, skus) = (self.folder / name for name in ("key", "password", "skus.csv"))
        key.write_text(north["shops"][0]["api_key"])
        password.write_text(tenant["password"])
        rows = [f"{sku},{sku.replace('SKU', 'ITEM')},1" for sku in SKUS]
        skus.write_text("\n".join(["offer_sku,item_number,units_per_offer", *rows]))
        address = ["--url", f"{self.base}/deposco", "--tenant-code", tenant["code"], "--username", tenant["username"]]
        more = ["--business-unit", tenant["business_unit"], "--password-file", str(password), "--api", self.api]
        self.manage("connect_deposco", "HOUSE", *address, *more, "--rate-per-second", str(self.rate))
        shop = ["--url", f"{self.base}/mirakl/north", "--api-key-file", str(key), "--shop-id", "2001"]
        wanted = "acceptance,import,dispatch,stock" if self.stock else "acceptance,import,dispatch"
        lanes = ["--lanes", wanted, "--poll-seconds", str(POLL_SECONDS), "--warehouse", "HOUSE"]
        self.manage("connect_mirakl", "SHOP", *shop, *lanes)
        self.manage("import_sku_map", "SHOP", str(skus))
        self.manage("shell", "-c", _MAPPINGS)

    def manage(self, *arguments: str) -> str:
        """Run a command of the project."""
        return manage(*arguments, environment=self.environment)

    def supervise(self) -> None:
        """Keep `manage.py workers` running: start it again whenever it ends."""
        while not self._over.is_set():
            if self._launcher is None or self._launcher.poll() is not None:
                self.restarts += self._launcher is not None
                command = [sys.executable, str(ROOT / "manage.py"), "workers"]
                with (self.folder / "workers.log").open("ab") as log:
                    self._launcher = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
            time.sleep(0.2)

    def load(self) -> None:
        """Let an order come in every half second, until the load is over."""
        while not self.load_over.is_set():
            self.push()
            time.sleep(0.5)

    def push(self) -> str:
        """One order; its id."""
        number = next(self._numbers)
        lines = [[SKUS[number % len(SKUS)], 1 + number % 2]]
        body = {"operator": "north", "shop_id": 2001, "order_id": f"KILL-{number:05d}-A", "lines": lines}
        (order_id,) = self.far.post("/orders", json=body).raise_for_status().json()["order_ids"]
        self.pushed.append(order_id)
        return str(order_id)

    def cut_connections(self) -> int:
        """End every connection to the database at once, as its restart does; how many there were."""
        with psycopg.connect(self.url, autocommit=True) as admin:
            rows = admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
        return len(rows)

    def empty_queue(self) -> int:
        """Lose every wake-up there is; how many there were."""
        with psycopg.connect(self.url, autocommit=True) as admin:
            return admin.execute("DELETE FROM django_q_ormq").rowcount

    def processes(self, name: str = "") -> list[Seen]:
        """The processes there are, or those of one name."""
        return [one for one in marked(self.mark) if name in ("", one.name)]

    def orphans(self) -> list[Seen]:
        """Processes outside the launcher's tree."""
        return strangers(self.processes(), self.launcher)

    def is_complete(self) -> bool:
        """Whether every process there should be is there, and none beside."""
        return len(self.processes()) == COMPLETE and not self.orphans()

    def reached(self, order_id: str) -> bool:
        """Whether the order is in the warehouse."""
        rows = self.far.get("/warehouse", params={"tenant": "DEMO"}).json()["orders"]
        return any(row["customer"] == order_id for row in rows)

    def unfinished(self) -> list[str]:
        """Orders that came in and are not shipped at the marketplace yet."""
        rows = self.far.get("/orders", params={"operator": "north"}).json()["orders"]
        done = {row["order_id"] for row in rows if row["state"] == "SHIPPED"}
        return [order_id for order_id in self.pushed if order_id not in done]

    def doubled(self) -> list[str]:
        """What took place more than once, by the far sides' own books."""
        house = self.far.get("/warehouse", params={"tenant": "DEMO"}).json()["orders"]
        twice = [f"warehouse order {one}" for one, n in Counter(row["customer"] for row in house).items() if n > 1]
        for row in self.far.get("/orders", params={"operator": "north"}).json()["orders"]:
            tracking = Counter(str(one["tracking"].get("tracking_number")) for one in row["shipments"])
            twice += [f"parcel {number} of {row['order_id']}" for number, n in tracking.items() if n > 1]
            twice += [f"acceptance of {row['order_id']}"] if row["effective_accepts"] > 1 else []
        return twice

    def stop(self) -> tuple[int, float]:
        """Ask the launcher to end, as a supervisor does; its exit code and the seconds it took."""
        self._over.set()
        assert self._launcher is not None
        began = time.monotonic()
        self._launcher.terminate()
        code = self._launcher.wait(40)
        return code, time.monotonic() - began

    def clear(self) -> None:
        """Whatever happened, leave nothing behind."""
        self._over.set()
        self.load_over.set()
        time.sleep(0.3)
        if self._launcher is not None and self._launcher.poll() is None:
            self._launcher.kill()
            self._launcher.wait()
        kill(self.processes())
        self.far.close()


_MAPPINGS = f"""
PUSH_SECONDS = {PUSH_SECONDS}
from integration.models import Channel, ChannelStock
from integration.services.map_carrier import map_carrier
from integration.services.map_shipping_method import map_shipping_method
channel = Channel.objects.get(code="SHOP")
for code in ("STD", "EXP"):
    map_shipping_method(channel=channel, shipping_type_code=code, ship_via="Ground", ship_vendor="DHL", by=None)
map_carrier(channel=channel, wms_carrier="DHL", carrier_name="DHL", by=None)
# A file every few seconds instead of every minute, so that many are under way when processes die.
ChannelStock.objects.update(push_seconds=PUSH_SECONDS)
"""


@contextmanager
def rig(folder: Path, name: str, *, api: str = "v1", rate: float = 50, stock: bool = False) -> Iterator[Rig]:
    """A connected rig with its workers up and an order through."""
    with own_database(f"holdpoint_{name}_{uuid.uuid4().hex[:8]}") as url, own_sandbox() as port:
        one = Rig(url, port, folder, api=api, rate=rate, stock=stock)
        try:
            one.connect()
            threading.Thread(target=one.supervise, daemon=True).start()
            first = one.push()
            wait_for(lambda: one.is_complete() and one.reached(first), 60, lambda: _words(one, first))
            yield one
        finally:
            one.clear()


def wait_for(is_true: Callable[[], bool], seconds: float, words: Callable[[], str]) -> float:
    """Seconds until it was so. Fails with the words when it is not in time."""
    began = time.monotonic()
    while not is_true():
        if time.monotonic() - began > seconds:
            message = f"not within {seconds:.0f} s: {words()}"
            raise AssertionError(message)
        time.sleep(0.2)
    return time.monotonic() - began


def _words(one: Rig, order_id: str) -> str:
    log = (one.folder / "workers.log").read_text()[-1500:]
    there = f"{order_id} reached: {one.reached(order_id)}; {len(one.processes())} of {COMPLETE} processes"
    return f"{there}; {one.manage('status', '--json')} {log}"
