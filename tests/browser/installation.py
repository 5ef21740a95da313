"""A whole installation for a test: its own database, sandbox, workers and web server, over real processes and ports."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx

from bench.own import ROOT, manage, own_database

PASSWORD: Final = "correct horse battery"
ROLES: Final = {"warehouse": "Warehouse", "ecommerce": "Ecommerce", "finance": "Finance preparer", "admin": "Admin"}
STOP_SECONDS: Final = 25
MAKE_PEOPLE: Final = """
import json, sys
from django.contrib.auth.models import Group
from core.models import User
for name, role in json.loads('ROLES').items():
    User.objects.create_user(name, name + '@example.com', 'PASSWORD').groups.add(Group.objects.get(name=role))
"""


@dataclass
class Installation:
    """What a test needs to drive it, and the processes that `stop` ends."""

    folder: Path
    database: str
    web_port: int
    sandbox_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    # What tests have put into it once, for those that share it.
    marks: set[str] = field(default_factory=set)

    @property
    def web(self) -> str:
        """The address of the pages."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox(self) -> str:
        """The address of the marketplace and the warehouse."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def environment(self) -> dict[str, str]:
        """Only what the installation is told, so that the machine's own settings do not leak in."""
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "TMPDIR")}
        return {
            **kept,
            "DATABASE_URL": self.database,
            "HOLDPOINT_DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }

    def manage(self, *arguments: str) -> str:
        """Run one management command to its end; its output."""
        return manage(*arguments, environment=self.environment)

    def start(self, name: str, *command: str) -> None:
        """Start a process whose output goes to a file of its name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def play(self, path: str, **body: Any) -> Any:
        """One call of the sandbox's hand."""
        answer = httpx.post(f"{self.sandbox}/sandbox/api/{path}", json=body, timeout=10)
        assert answer.is_success, answer.text
        return answer.json()

    def order_at_mirakl(self, operator: str, order_id: str) -> dict[str, Any]:
        """An order as the marketplace has it inside."""
        query = {"operator": operator, "ids": order_id}
        answer = httpx.get(f"{self.sandbox}/sandbox/api/orders", params=query, timeout=10).json()
        found: dict[str, Any] = answer["orders"][0]
        return found

    def shown(self, operator: str, shop_id: int, sku: str) -> int:
        """What an offer shows at the marketplace."""
        query = {"operator": operator, "shop_id": str(shop_id)}
        offers = httpx.get(f"{self.sandbox}/sandbox/api/offers", params=query, timeout=10).json()["offers"]
        return int(offers[sku])

    def warehouse(self) -> dict[str, Any]:
        """Orders and shipments as the warehouse has them inside."""
        query = {"tenant": "DEMO"}
        answer: dict[str, Any] = httpx.get(f"{self.sandbox}/sandbox/api/warehouse", params=query, timeout=10).json()
        return answer

    def tail(self) -> str:
        """The end of each log, for a failure's message."""
        return "\n".join(f"== {log.name}\n{log.read_text()[-1500:]}" for log in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        """End every process that was started, the workers with time to finish."""
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """A migrated installation with people and nothing connected; sandbox, workers and pages run."""
    # A run may have several at once, each with a database of its own.
    name = f"test_installation_{os.getpid()}_{sha256(str(folder).encode()).hexdigest()[:8]}"
    with own_database(name) as database:
        made = Installation(folder, database, _free_port(), _free_port())
        try:
            script = MAKE_PEOPLE.replace("ROLES", json.dumps(ROLES)).replace("PASSWORD", PASSWORD)
            made.manage("shell", "--no-imports", "--command", script)
            made.start("sandbox", sys.executable, "-m", "sandbox", "--port", str(made.sandbox_port))
            web = ("--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{made.web_port}")
            made.start("web", sys.executable, "-m", "gunicorn", *web)
            made.start("workers", sys.executable, "manage.py", "workers")
            until("the sandbox answers", lambda: _answers(f"{made.sandbox}/sandbox/api/state"))
            until("the pages answer", lambda: _answers(f"{made.web}/readyz"))
            yield made
        finally:
            made.stop()


def connect_everything(
    made: Installation, *, mapped: list[str], lanes: str = "acceptance,import,dispatch"
) -> dict[str, Any]:
    """Connect the sandbox's warehouse and its shops by the commands a person would type; the sandbox's own words."""
    state: dict[str, Any] = httpx.get(f"{made.sandbox}/sandbox/api/state", timeout=10).json()
    tenant = state["tenants"][0]
    password = _secret(made.folder / "password", tenant["password"])
    made.manage(
        "connect_deposco",
        tenant["code"],
        "--url",
        f"{made.sandbox}/deposco",
        "--tenant-code",
        tenant["code"],
        "--business-unit",
        tenant["business_unit"],
        "--username",
        tenant["username"],
        "--password-file",
        password,
        "--rate-per-second",
        "20",
    )
    rows = "\n".join(f"{sku},{sku.replace('SKU', 'ITEM')},1" for sku in mapped)
    map_file = _secret(made.folder / "map.csv", f"offer_sku,item_number,units_per_offer\n{rows}\n")
    for operator in state["operators"]:
        for shop in operator["shops"]:
            code = f"{operator['name']}-{shop['id']}".upper()
            key = _secret(made.folder / "key", shop["api_key"])
            made.manage(
                "connect_mirakl",
                code,
                "--url",
                f"{made.sandbox}/mirakl/{operator['name']}",
                "--api-key-file",
                key,
                "--shop-id",
                str(shop["id"]),
                "--name",
                shop["name"],
                "--lanes",
                lanes,
                "--poll-seconds",
                "5",
            )
            made.manage("import_sku_map", code, map_file)
    return state


def until(words: str, is_so: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait for a fact, looking four times a second; fail with its words."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(0.25)
    message = f"not within {seconds:.0f} s: {words}"
    raise AssertionError(message)


def _secret(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).is_success
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
