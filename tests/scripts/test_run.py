"""`make run` over real processes: what it prints, and that nothing is left of it, however it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from config.env import PROJECT_DIR
from scripts.run import RunError, free_port

START_SECONDS, STOP_SECONDS = 240.0, 60.0
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Run:
    """One supervisor and what it printed."""

    def __init__(self, data_dir: Path, *, log: str = "printed") -> None:
        self.data_dir = data_dir
        self.log = data_dir / log
        self.environment = {**os.environ, "HOLDPOINT_DATA_DIR": str(data_dir), "DATABASE_URL": ""}
        with self.log.open("w", encoding="utf-8") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.run", "--port", "18000", "--sandbox-port", "18900"],
                cwd=PROJECT_DIR,
                env=self.environment,
                stdout=printed,
                stderr=printed,
            )

    @property
    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_ready(self) -> str:
        """The address it prints."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None and "Ctrl-C" not in self.printed:
            time.sleep(0.2)
        found = re.search(r"ready at +(http://\S+)/", self.printed)
        assert found, self.printed
        return found[1]

    def ours(self) -> list[str]:
        """The commands of all processes of this run: they carry its data folder in their environment."""
        mark = f"HOLDPOINT_DATA_DIR={self.data_dir}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def is_database_running(self) -> bool:
        command = [sys.executable, "-m", "config.postgres", "status"]
        done = subprocess.run(command, cwd=PROJECT_DIR, env=self.environment, check=False, capture_output=True)
        return done.returncode == 0

    def wait_gone(self) -> None:
        until = time.monotonic() + STOP_SECONDS
        while self.ours() or self.is_database_running():
            assert time.monotonic() < until, self.ours()
            time.sleep(0.2)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("a folder")
    yield folder
    environment = {**os.environ, "HOLDPOINT_DATA_DIR": str(folder), "DATABASE_URL": ""}
    subprocess.run([sys.executable, "-m", "scripts.reset"], cwd=PROJECT_DIR, env=environment, check=True)


@contextmanager
def running(data_dir: Path) -> Iterator[Run]:
    run = Run(data_dir)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.terminate()
        run.process.wait(STOP_SECONDS)


def orders(run: Run) -> int:
    command = [sys.executable, "-m", "config.postgres", "url"]
    url = subprocess.run(command, cwd=PROJECT_DIR, env=run.environment, check=True, capture_output=True, text=True)
    with psycopg.connect(url.stdout.strip()) as database:
        row = database.execute("SELECT count(*) FROM integration_order").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked up in /proc")
def test_a_run_shows_orders_keeps_them_for_the_next_and_leaves_nothing_behind(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 18000))
        taken.listen()
        with running(data_dir) as run:
            address = run.wait_ready()
            assert address != "http://127.0.0.1:18000"
            assert httpx.get(f"{address}/readyz").json()["status"] == "ok"
            sign_ins = data_dir / "demo-sign-ins.json"
            assert sign_ins.stat().st_mode & 0o077 == 0
            people = json.loads(sign_ins.read_text(encoding="utf-8"))
            assert {who["role"] for who in people.values()} >= {"Warehouse", "Ecommerce", "Finance preparer", "Admin"}
            assert all(who["password"] in run.printed for who in people.values())
            second = Run(data_dir, log="printed-second")
            assert second.process.wait(START_SECONDS) == 1
            assert f"It runs already, at {address}" in second.printed
            before = orders(run)
            run.process.send_signal(signal.SIGINT)
            assert run.process.wait(STOP_SECONDS) == 0
            run.wait_gone()

    with running(data_dir) as run:
        run.wait_ready()
        assert json.loads(sign_ins.read_text(encoding="utf-8")) == people
        assert orders(run) >= before > 0
        run.process.kill()
        run.process.wait()
        run.wait_gone()


def test_the_next_free_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert free_port(port) > port
        assert free_port(port + 1, besides=port + 1) > port + 1


def test_where_no_port_is_free_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.run.PORTS_TO_TRY", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(RunError, match="PORT="):
            free_port(taken.getsockname()[1])


def test_it_is_refused_in_production(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "HOLDPOINT_ENV": "production",
        "HOLDPOINT_SECRET_KEY": "x" * 60,
        "HOLDPOINT_SECRET_KEYS": "x",
        "HOLDPOINT_ALLOWED_HOSTS": "holdpoint.example.com",
        "HOLDPOINT_CRASHPOINT": "",
        "DATABASE_URL": "postgresql://localhost/none",
    }

    done = subprocess.run(
        [sys.executable, "-m", "scripts.run"],
        cwd=PROJECT_DIR,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "refused in production" in done.stderr
